"""The three agents in sequence."""
