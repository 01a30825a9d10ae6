"""How near the recommendations are to what communities run, beside simple baselines."""
