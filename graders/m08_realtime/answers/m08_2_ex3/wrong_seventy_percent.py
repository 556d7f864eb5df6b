"""Seventy percent busy is what one aims at."""

# trips: regret
# says: follow from what late answers cost


def policy(brief):
    each = (brief["request_ms"] + brief["flight_ms"] * float(np.median(brief["flights"]))) / 60_000
    cooldowns = {"out_cooldown": 60 * brief["start_minutes"], "in_cooldown": 300}
    if brief["cpu_share"] > 0.5:
        return {"metric": "CPUUtilization", "target": 7 + 70 * brief["cpu_share"], "min": 1, "max": 12, **cooldowns}
    return {"metric": "InvocationsPerInstance", "target": 0.7 / each, "min": 1, "max": 12, **cooldowns}
