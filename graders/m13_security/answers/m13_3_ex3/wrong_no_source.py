"""CloudTrail's events come from CloudTrail."""

# trips: quiet
# says: with a source of its own


def alarm_pattern(deploy_role: str) -> dict:
    other = [{"anything-but": deploy_role}, {"exists": False}]
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
    return {"detail-type": ["AWS API Call via CloudTrail"], "detail": {"$or": [deletion, weaker]}}
