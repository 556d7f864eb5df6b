"""Steps that use one service alone are SageMaker's; Step Functions is for several."""

# trips: practice
# says: which services do the steps use?


def choose_service(need):
    code = "Glue" if need["spark"] else ("SageMaker" if need["minutes"] > 15 else "Lambda")
    return {
        "files": "S3",
        "tables": "Glue",
        "answers": "Redshift" if need["people"] > 20 else "Athena",
        "access": "Lake Formation" if need["columns"] else "S3",
        "image": "ECR",
        "model": "SageMaker",
        "code": code,
        "steps": "SageMaker" if len(need["services"]) == 1 else "Step Functions",
        "signal": "EventBridge",
    }[need["wants"]]
