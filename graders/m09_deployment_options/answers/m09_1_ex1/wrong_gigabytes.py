"""Memory in gigabytes, as the price has it."""

# trips: regret
# says: expected an int as 'memory_mb'


def plan(brief):
    size = brief["model_mb"] // 1024 + 1
    return {"kind": "serverless", "memory_mb": size, "max_concurrency": 4}
