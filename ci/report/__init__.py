"""The report: one self-contained page per run, and pictures as files."""
