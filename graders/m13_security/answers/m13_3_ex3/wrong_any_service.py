"""DeleteModel is SageMaker's."""

# trips: quiet
# says: of another service


def alarm_pattern(deploy_role: str) -> dict:
    other = [{"anything-but": deploy_role}, {"exists": False}]
    deletion = {
        "eventName": ["DeleteModel", "DeleteEndpoint"],
        "errorCode": [{"exists": False}],
        "userIdentity": {"sessionContext": {"sessionIssuer": {"arn": other}}},
    }
    weaker = {
        "eventSource": ["cloudtrail.amazonaws.com"],
        "eventName": ["StopLogging", "DeleteTrail", "UpdateTrail", "PutEventSelectors"],
    }
    return {"source": [{"prefix": "aws."}], "detail-type": ["AWS API Call via CloudTrail"], "detail": {"$or": [deletion, weaker]}}
