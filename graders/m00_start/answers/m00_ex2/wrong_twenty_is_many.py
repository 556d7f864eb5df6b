"""Twenty people are many."""

# trips: practice
# says: on which side of the course's own border of 20


def choose_service(need):
    code = "Glue" if need["spark"] else ("SageMaker" if need["minutes"] > 15 else "Lambda")
    return {
        "files": "S3",
        "tables": "Glue",
        "answers": "Redshift" if need["people"] >= 20 else "Athena",
        "access": "Lake Formation" if need["columns"] else "S3",
        "image": "ECR",
        "model": "SageMaker",
        "code": code,
        "steps": "SageMaker" if set(need["services"]) == {"SageMaker"} else "Step Functions",
        "signal": "EventBridge",
    }[need["wants"]]
