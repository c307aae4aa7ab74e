"""Capacity planning: the demand model over a scenario, its uncertainty, and the audit of a written design."""
