"""Half the money will do."""

# trips: kept
# says: how many jobs does it pay for


def plan(brief):
    paid = brief["setup"] + brief["training"]
    jobs = max(3, int(0.45 * brief["usd"] / brief["usd_hour"] * 60 / paid))
    in_turn = max(1, int(0.85 * brief["deadline_minutes"] / (paid + brief["wait"])))
    parallel = min(10, math.ceil(jobs / in_turn))
    return {"strategy": "Random", "jobs": jobs, "parallel": parallel, "early": "Off"}
