"""PIPA, the Prediction and Initial Plan Agent: from an AppContext to a DraftPlan."""
