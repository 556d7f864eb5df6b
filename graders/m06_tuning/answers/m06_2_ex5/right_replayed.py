def plan(brief):
    def worst(jobs, parallel):
        drawn = {"strategy": "Random", "jobs": jobs, "parallel": parallel, "early": "Off"}
        came = [outcome(pool, drawn, brief, seed) for seed in range(10)]
        return max(one["minutes"] for one in came) / brief["deadline_minutes"], max(one["usd"] for one in came) / brief["usd"]

    average = brief["usd"] / brief["usd_hour"] * 60 / (brief["setup"] + brief["training"])
    jobs = int(1.1 * average)
    while worst(jobs, 10)[1] > 0.96:
        jobs -= 1
    parallel = 1
    while worst(jobs, parallel)[0] > 0.92 and parallel < 10:
        parallel += 1
    while worst(jobs, parallel)[0] > 0.96:
        jobs -= 1
    return {"strategy": "Random", "jobs": jobs, "parallel": parallel, "early": "Off"}
