def plan(brief):
    billed = brief["setup"] + brief["training"]
    hours = 0.84 * brief["usd"] / brief["usd_hour"]
    jobs = min(100, round(hours * 60 / billed - 0.5))
    for parallel in range(1, 11):
        rounds = -(-jobs // parallel)
        if rounds * (billed + brief["wait"]) <= 0.9 * brief["deadline_minutes"]:
            break
    else:
        jobs = parallel * int(0.9 * brief["deadline_minutes"] / (billed + brief["wait"]))
    return {"strategy": "Random", "jobs": jobs, "parallel": parallel, "early": "Off"}
