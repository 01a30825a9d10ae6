"""A language model chooses among the repairs and sums up; what it may change is bounded by code."""
