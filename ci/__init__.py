"""The ways in and the ways out."""
