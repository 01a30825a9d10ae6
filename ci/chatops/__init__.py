"""The ``/ai-provision`` comment: who may ask, what was asked, and how the answer is published."""
