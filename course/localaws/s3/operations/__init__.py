"""The operations of S3: each takes its `Exchange` and returns the members of its answer, or a response of its own."""
