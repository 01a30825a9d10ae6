"""Measurements: of what is found, how good the numbers are, and how long it takes."""
