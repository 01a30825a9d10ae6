"""Reads a repository with parsers: what runs here, in which language, doing what."""
