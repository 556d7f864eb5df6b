"""The model registry: package groups and model packages."""
