"""We have no time: as many at a time as may be."""

# trips: kept
# says: why in such a hurry


def plan(brief):
    paid = brief["setup"] + brief["training"]
    jobs = max(3, int(0.8 * brief["usd"] / brief["usd_hour"] * 60 / paid))
    return {"strategy": "Random", "jobs": jobs, "parallel": 10, "early": "Off"}
