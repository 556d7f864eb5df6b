"""Latencies are in milliseconds, as in every other tool."""

# trips: regret
# says: the same unit


def instances(brief):
    seconds = [(model + extra) / 1e3 for model, extra in zip(brief["model_latency"], brief["overhead_latency"], strict=True)]

    def late(count):
        return sum(time > brief["late_after_ms"] / 1000 for time in answer_times(brief["arrivals"], seconds, count))

    return min(range(1, 13), key=lambda count: count * brief["instance_usd"] / 6 + late(count) * brief["late_usd"])
