"""The policy in words."""

# trips: practice
# says: expected the six keys


def policy(brief):
    return {"metric": "InvocationsPerInstance", "target": "low"}
