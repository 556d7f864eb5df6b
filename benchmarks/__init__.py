"""Measures how fast the local AWS is, and compares it with a baseline measured in the same run: ``python -m benchmarks [NAME ...]``."""
