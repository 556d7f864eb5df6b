"""Inference Recommender: load tests, and what they say of instance types."""
