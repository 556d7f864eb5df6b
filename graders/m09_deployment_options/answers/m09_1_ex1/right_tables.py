import itertools


def plan(brief):
    def table(times, usd):
        times = pd.Series(times, dtype=float)
        return usd + brief["late_usd"] * int((~(times <= brief["late_after"])).sum())

    costs = {
        ("real-time", count): table(real_time(brief["arrivals"], brief["instance_seconds"], count), 3 * count * brief["instance_usd"])
        for count in range(1, 5)
    }
    for size, most in itertools.product(range(1, 7), range(1, 9)):
        if 1024 * size <= brief["model_mb"]:
            continue
        taken = brief["seconds"][size - 1]
        times = serverless(brief["arrivals"], taken, brief["cold_seconds"], most)
        served = sum(one is not None for one in times)
        costs[size, most] = table(times, served * taken * size * 0.00002 + 3 * most * brief["unit_usd"])
    first, second = min(costs, key=costs.get)
    if first == "real-time":
        return {"kind": first, "instances": second}
    return {"kind": "serverless", "memory_mb": 1024 * first, "max_concurrency": second}
