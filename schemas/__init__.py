"""The contracts every part of ai-provision shares; imports nothing else of the project."""
