"""Pay for what you use: serverless is always cheaper, with the least memory that the model fits into."""

# trips: regret
# says: All are serverless


def plan(brief):
    size = brief["model_mb"] // 1024 + 1
    most = max(1, min(8, round(len(brief["arrivals"]) * brief["seconds"][size - 1] / 1800)))
    return {"kind": "serverless", "memory_mb": size * 1024, "max_concurrency": most}
