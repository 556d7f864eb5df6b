"""k-nearest neighbours, a first-party algorithm."""
