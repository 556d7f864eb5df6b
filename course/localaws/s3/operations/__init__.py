"""The handlers of S3: each takes context and parameters, and returns the members of its answer or a response."""
