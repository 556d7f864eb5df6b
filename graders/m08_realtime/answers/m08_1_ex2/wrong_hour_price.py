"""An instance costs what its price says, whatever the time it runs."""

# trips: regret
# says: how much of an hour do you pay?


def instances(brief):
    seconds = [(model + extra) / 1e6 for model, extra in zip(brief["model_latency"], brief["overhead_latency"], strict=True)]

    def late(count):
        return sum(time > brief["late_after_ms"] / 1000 for time in answer_times(brief["arrivals"], seconds, count))

    return min(range(1, 13), key=lambda count: count * brief["instance_usd"] + late(count) * brief["late_usd"])
