"""Dockerfiles, the images they make, and how these start."""
