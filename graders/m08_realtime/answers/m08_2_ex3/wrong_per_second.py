"""Requests are counted by the second."""

# trips: regret
# says: over how long is InvocationsPerInstance counted


def policy(brief):
    each = (brief["request_ms"] + brief["flight_ms"] * float(np.median(brief["flights"]))) / 60_000
    cooldowns = {"out_cooldown": 60 * brief["start_minutes"], "in_cooldown": 300}
    return {"metric": "InvocationsPerInstance", "target": 0.5 / each / 60, "min": 2, "max": 12, **cooldowns}
