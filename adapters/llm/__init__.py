"""Language models: providers behind one port, with budget, deadline, journal and validation.

Nothing of a model library is imported before a model is really asked.
"""
