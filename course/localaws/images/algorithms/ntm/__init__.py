"""NTM, a first-party algorithm."""
