"""SageMaker of the local AWS: its resources, kept by one engine, and what they execute, one file a family."""
