"""The usage model: numbers from what a workload really used."""
