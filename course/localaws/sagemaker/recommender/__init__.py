"""Inference Recommender: load tests of models, and recommendations of instance types."""
