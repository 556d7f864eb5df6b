"""Experiments, trial components, lineage."""
