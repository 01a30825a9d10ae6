"""The single step of a workflow: sizes the checkout, says what it found, and fails if asked to."""
