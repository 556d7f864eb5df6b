"""PCA, a first-party algorithm."""
