"""Repairs one submitted notebook, runs it in a sandbox, and judges its evidence, live or from the recording."""
