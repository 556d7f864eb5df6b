"""Users and roles are two alternatives."""


def alarm_pattern(deploy_role: str) -> dict:
    issuer = {"userIdentity": {"sessionContext": {"sessionIssuer": {"arn": [{"anything-but": [deploy_role]}]}}}}
    nobody = {"userIdentity": {"sessionContext": {"sessionIssuer": {"arn": [{"exists": False}]}}}}
    gone = {"eventSource": ["sagemaker.amazonaws.com"], "eventName": ["DeleteEndpoint", "DeleteModel"], "errorCode": [{"exists": False}]}
    names = ["DeleteTrail", "PutEventSelectors", "StopLogging", "UpdateTrail"]
    weaker = {"eventSource": ["cloudtrail.amazonaws.com"], "eventName": names}
    return {"source": [{"prefix": "aws."}], "detail": {"$or": [gone | issuer, gone | nobody, weaker]}}
