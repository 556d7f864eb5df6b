"""The cheapest of all sizes; the model will fit somehow."""

# trips: regret
# says: every request would kill its container


def plan(brief):
    def late(times):
        return brief["late_usd"] * sum(taken is None or taken > brief["late_after"] for taken in times)

    options = []
    for count in range(1, 5):
        usd = 3 * count * brief["instance_usd"] + late(real_time(brief["arrivals"], brief["instance_seconds"], count))
        options.append((usd, count, {"kind": "real-time", "instances": count}))
    for size in range(1, 7):
        for most in range(1, 9):
            times = serverless(brief["arrivals"], brief["seconds"][size - 1], brief["cold_seconds"], most)
            usd = 3 * most * brief["unit_usd"] + late(times)
            usd += (len(times) - times.count(None)) * brief["seconds"][size - 1] * size * GB_SECOND
            options.append((usd, most, {"kind": "serverless", "memory_mb": size * 1024, "max_concurrency": most}))
    return min(options, key=lambda option: option[0])[2]
