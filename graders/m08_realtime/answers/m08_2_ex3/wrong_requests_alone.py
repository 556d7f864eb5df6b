"""A request is a request: the cheapest target of requests."""

# trips: regret
# says: counts a request of forty flights as one


def policy(brief):
    each = (brief["request_ms"] + brief["flight_ms"] * float(np.median(brief["flights"]))) / 60_000
    cooldowns = {"out_cooldown": 60 * brief["start_minutes"], "in_cooldown": 300}
    options = []
    for busy in (0.45, 0.6, 0.75, 0.9):
        options.append({"metric": "InvocationsPerInstance", "target": busy / each, "min": 1, "max": 12, **cooldowns})
    return min(options, key=lambda one: replay(brief, one)["cost"])
