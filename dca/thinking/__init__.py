"""A language model reads what the rules did not understand; code holds it to the text."""
