"""The checks: pure functions from a plan to findings."""
