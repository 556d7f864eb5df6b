"""The ARN of the deploy role's sessions begins in one way."""


def alarm_pattern(deploy_role: str) -> dict:
    session = deploy_role.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/") + "/"
    deletion = {
        "eventSource": ["sagemaker.amazonaws.com"],
        "eventName": ["DeleteModel", "DeleteEndpoint"],
        "errorCode": [{"exists": False}],
        "userIdentity": {"arn": [{"anything-but": {"prefix": session}}]},
    }
    weaker = {
        "eventSource": ["cloudtrail.amazonaws.com"],
        "eventName": ["StopLogging", "DeleteTrail", "UpdateTrail", "PutEventSelectors"],
    }
    return {
        "source": ["aws.sagemaker", "aws.cloudtrail"],
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": {"$or": [deletion, weaker]},
    }
