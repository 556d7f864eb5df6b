"""LDA, a first-party algorithm."""
