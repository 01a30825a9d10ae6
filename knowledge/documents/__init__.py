"""Documents that the operator adds: extracted, split into passages, kept as facts."""
