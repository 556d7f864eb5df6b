def choose_service(need: dict) -> str:
    match need:
        case {"wants": "answers", "people": people} if people <= 20:
            return "Athena"
        case {"wants": "answers"}:
            return "Redshift"
        case {"wants": "code", "spark": True} | {"wants": "tables"}:
            return "Glue"
        case {"wants": "code", "minutes": minutes} if minutes <= 15:
            return "Lambda"
        case {"wants": "steps", "services": services} if set(services) != {"SageMaker"}:
            return "Step Functions"
        case {"wants": "access", "columns": True}:
            return "Lake Formation"
        case {"wants": "files" | "access"}:
            return "S3"
        case {"wants": "image"}:
            return "ECR"
        case {"wants": "signal"}:
            return "EventBridge"
    return "SageMaker"
