"""Processors at 70 % are well used."""

# trips: regret
# says: it hardly moves where the model waits


def policy(brief):
    cooldowns = {"out_cooldown": 60 * brief["start_minutes"], "in_cooldown": 300}
    return {"metric": "CPUUtilization", "target": 70.0, "min": 2 + len(brief["requests"]) % 2, "max": 12, **cooldowns}
