"""Prices are by the hour, and so is the cost: of the three hours only the late answers are counted."""

# trips: practice
# says: for how many hours are they paid


def plan(brief):
    def late(times):
        return brief["late_usd"] * sum(taken is None or taken > brief["late_after"] for taken in times)

    options = []
    for count in range(1, 5):
        usd = count * brief["instance_usd"] + late(real_time(brief["arrivals"], brief["instance_seconds"], count))
        options.append((usd, count, {"kind": "real-time", "instances": count}))
    for size in range(1, 7):
        for most in range(1, 9):
            if size * 1024 > brief["model_mb"]:
                times = serverless(brief["arrivals"], brief["seconds"][size - 1], brief["cold_seconds"], most)
                usd = most * brief["unit_usd"] + late(times)
                usd += (len(times) - times.count(None)) * brief["seconds"][size - 1] * size * GB_SECOND
                options.append((usd, most, {"kind": "serverless", "memory_mb": size * 1024, "max_concurrency": most}))
    return min(options, key=lambda option: option[0])[2]
