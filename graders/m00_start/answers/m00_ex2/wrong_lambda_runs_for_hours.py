"""Serverless code runs on Lambda, however long it takes."""

# trips: unseen
# says: where does your rule use `minutes`


def choose_service(need):
    return {
        "files": "S3",
        "tables": "Glue",
        "answers": "Redshift" if need["people"] > 20 else "Athena",
        "access": "Lake Formation" if need["columns"] else "S3",
        "image": "ECR",
        "model": "SageMaker",
        "code": "Glue" if need["spark"] else "Lambda",
        "steps": "SageMaker" if set(need["services"]) == {"SageMaker"} else "Step Functions",
        "signal": "EventBridge",
    }[need["wants"]]
