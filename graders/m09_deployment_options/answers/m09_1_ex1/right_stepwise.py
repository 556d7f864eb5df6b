def plan(brief):
    arrivals, limit = brief["arrivals"], brief["late_after"]

    def penalty(times):
        return brief["late_usd"] * len([one for one in times if one is None or one > limit])

    best, least = None, float("inf")
    for size in range(brief["model_mb"] // 1024 + 1, 7):
        seconds = brief["seconds"][size - 1]
        for most in range(1, 9):
            times = serverless(arrivals, seconds, brief["cold_seconds"], most)
            answered = [one for one in times if one is not None]
            usd = len(answered) * seconds * size * GB_SECOND + 3 * most * brief["unit_usd"] + penalty(times)
            if usd < least:
                best, least = {"kind": "serverless", "memory_mb": size * 1024, "max_concurrency": most}, usd
            if None not in times:
                break
    for count in (1, 2, 3, 4):
        usd = 3 * count * brief["instance_usd"] + penalty(real_time(arrivals, brief["instance_seconds"], count))
        if usd < least:
            best, least = {"kind": "real-time", "instances": count}, usd
    return best
