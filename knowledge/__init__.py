"""Sizing knowledge and its retrieval."""
