"""How fast the local AWS is, always beside something measured in the same run: ``python -m benchmarks [NAME ...]``."""
