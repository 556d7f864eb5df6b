"""Asynchronous inference: a queue, its results, its metrics."""
