"""A field has a value."""

# trips: deletions
# says: EventBridge does not take the pattern


def alarm_pattern(deploy_role: str) -> dict:
    return {"source": "aws.sagemaker", "detail": {"eventName": "DeleteModel"}}
