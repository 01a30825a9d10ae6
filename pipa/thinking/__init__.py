"""A language model looks at the draft of one component; what it may change is bounded by code."""
