"""Every other caller has another role."""

# trips: deletions
# says: by a user


def alarm_pattern(deploy_role: str) -> dict:
    other = [{"anything-but": deploy_role}]
    deletion = {
        "eventSource": ["sagemaker.amazonaws.com"],
        "eventName": ["DeleteModel", "DeleteEndpoint"],
        "errorCode": [{"exists": False}],
        "userIdentity": {"sessionContext": {"sessionIssuer": {"arn": other}}},
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
