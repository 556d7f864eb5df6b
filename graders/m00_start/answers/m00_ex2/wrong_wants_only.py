"""Each wish has its service; the other fields are decoration."""

# trips: unseen
# says: read that row of the table again


def choose_service(need):
    return {
        "files": "S3",
        "tables": "Glue",
        "answers": "Athena",
        "access": "Lake Formation",
        "image": "ECR",
        "model": "SageMaker",
        "code": "Lambda",
        "steps": "Step Functions",
        "signal": "EventBridge",
    }[need["wants"]]
