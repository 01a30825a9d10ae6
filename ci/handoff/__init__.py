"""Writes a recommendation in the form that other tools take."""
