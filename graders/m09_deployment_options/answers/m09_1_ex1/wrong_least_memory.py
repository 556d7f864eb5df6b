"""Memory costs money: always the smallest container."""

# trips: regret
# says: every request would kill its container


def plan(brief):
    usd = len(brief["arrivals"]) * brief["seconds"][0] * GB_SECOND
    if usd < 3 * brief["instance_usd"]:
        return {"kind": "serverless", "memory_mb": 1024, "max_concurrency": 4}
    return {"kind": "real-time", "instances": 1}
