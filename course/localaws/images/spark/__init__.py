"""The Spark image of processing jobs."""
