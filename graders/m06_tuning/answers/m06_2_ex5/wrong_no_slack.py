"""An average job takes the average time and costs the average price."""

# trips: kept
# says: how far above the average may a whole search be


def plan(brief):
    paid = brief["setup"] + brief["training"]
    jobs = max(3, int(1.05 * brief["usd"] / brief["usd_hour"] * 60 / paid))
    in_turn = max(1, int(1 * brief["deadline_minutes"] / (paid + brief["wait"])))
    parallel = min(10, math.ceil(jobs / in_turn))
    return {"strategy": "Random", "jobs": min(100, jobs), "parallel": parallel, "early": "Off"}
