"""Benchmarks of Feature Store: `online` and `offline`. The other modules are what `online` is compared with."""
