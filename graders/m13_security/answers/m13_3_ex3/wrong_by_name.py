"""A session is known by its name."""

# trips: deletions
# says: that has the deploy role's name


def alarm_pattern(deploy_role: str) -> dict:
    name = deploy_role.rpartition("/")[2]
    deletion = {
        "eventSource": ["sagemaker.amazonaws.com"],
        "eventName": ["DeleteModel", "DeleteEndpoint"],
        "errorCode": [{"exists": False}],
        "userIdentity": {"arn": [{"anything-but": {"wildcard": f"*{name}*"}}]},
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
