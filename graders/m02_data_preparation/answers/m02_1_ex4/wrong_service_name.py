"""The full name of the service."""

# trips: practice
# says: expected the name of a tool as the table writes it


def choose_tool(job):
    return "AWS Glue" if job["writes"] == "spark" else "SageMaker Processing"
