"""The telemetry index: what workloads used, found again by workload, by likeness and by meaning."""
