"""Users feel latency, so latency is tracked."""

# trips: regret
# says: does it halve when the instances double


def policy(brief):
    each = (brief["request_ms"] + brief["flight_ms"] * float(np.median(brief["flights"]))) / 60_000
    cooldowns = {"out_cooldown": 60 * brief["start_minutes"], "in_cooldown": 300}
    return {"metric": "ModelLatency", "target": 120_000 * each, "min": 2, "max": 12, **cooldowns}
