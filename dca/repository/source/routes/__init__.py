"""Readers of route declarations, one file per language.

Each reader has ``MARKS``, words without which a file declares no routes and is not parsed, and
``routes(path, text)``, which yields `Route`s in the order of the source.
"""
