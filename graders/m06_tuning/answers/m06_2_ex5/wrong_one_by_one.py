"""A search learns most when each job knows all before it."""

# trips: kept
# says: jobs fit the deadline one after the other


def plan(brief):
    paid = brief["setup"] + brief["training"]
    jobs = max(3, int(0.8 * brief["usd"] / brief["usd_hour"] * 60 / paid))
    return {"strategy": "Random", "jobs": jobs, "parallel": 1, "early": "Off"}
