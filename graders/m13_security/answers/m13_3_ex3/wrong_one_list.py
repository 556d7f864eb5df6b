"""All names in one list."""

# trips: trail
# says: by the deploy role


def alarm_pattern(deploy_role: str) -> dict:
    names = ["DeleteModel", "DeleteEndpoint", "StopLogging", "DeleteTrail", "UpdateTrail", "PutEventSelectors"]
    other = [{"anything-but": deploy_role}, {"exists": False}]
    who = {"sessionContext": {"sessionIssuer": {"arn": other}}}
    detail = {"eventName": names, "errorCode": [{"exists": False}], "userIdentity": who}
    return {"source": ["aws.sagemaker", "aws.cloudtrail"], "detail": detail}
