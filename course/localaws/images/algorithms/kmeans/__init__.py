"""k-means, a first-party algorithm."""
