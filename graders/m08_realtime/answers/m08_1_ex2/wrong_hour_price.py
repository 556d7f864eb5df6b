"""The price of an instance stands in the brief: it is what an instance costs."""

# trips: regret
# says: Too few


def instances(brief):
    seconds = [(model + extra) / 1e6 for model, extra in zip(brief["model_latency"], brief["overhead_latency"], strict=True)]

    def late(count):
        return sum(time > brief["late_after_ms"] / 1000 for time in answer_times(brief["arrivals"], seconds, count))

    return min(range(1, 13), key=lambda count: 10 * count * brief["instance_usd"] + late(count) * brief["late_usd"])
