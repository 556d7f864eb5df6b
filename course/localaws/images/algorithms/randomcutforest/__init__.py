"""Random Cut Forest, a first-party algorithm."""
