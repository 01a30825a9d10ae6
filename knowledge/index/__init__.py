"""The index of facts: words in SQLite's FTS5, meanings in Chroma, both in one generation."""
