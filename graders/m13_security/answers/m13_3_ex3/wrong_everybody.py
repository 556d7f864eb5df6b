"""Every deletion is bad."""

# trips: deletions
# says: by the deploy role


def alarm_pattern(deploy_role: str) -> dict:
    deletion = {
        "eventSource": ["sagemaker.amazonaws.com"],
        "eventName": ["DeleteModel", "DeleteEndpoint"],
        "errorCode": [{"exists": False}],
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
