"""The local AWS: an endpoint on loopback where SageMaker jobs really run and endpoints really predict, without Docker.

This package imports nothing of the rest of the course and could be lifted out.
"""
