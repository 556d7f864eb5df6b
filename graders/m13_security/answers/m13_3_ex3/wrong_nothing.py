"""An example of the text."""

# trips: quiet
# says: Judged once your pattern matches half


def alarm_pattern(deploy_role: str) -> dict:
    return {"source": ["aws.sagemaker"], "detail": {"eventName": ["CreateTrail"]}}
