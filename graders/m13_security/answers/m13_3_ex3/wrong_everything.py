"""Better too many than too few."""

# trips: deletions
# says: by the deploy role


def alarm_pattern(deploy_role: str) -> dict:
    return {"source": [{"prefix": "aws."}]}
