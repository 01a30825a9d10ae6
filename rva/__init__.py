"""RVA, the Refinement and Validation Agent: from a DraftPlan to a Recommendation."""
