"""S3's handlers. Each takes the context and the parameters and returns the members of its output, or a response."""
