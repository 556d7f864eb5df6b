"""An answer is late when the model is slow."""

# trips: regret
# says: does a request wait for its turn


def instances(brief):
    seconds = [(model + extra) / 1e6 for model, extra in zip(brief["model_latency"], brief["overhead_latency"], strict=True)]
    late = sum(each > brief["late_after_ms"] / 1000 for each in seconds)
    return min(range(1, 13), key=lambda count: count * brief["instance_usd"] / 6 + late * brief["late_usd"])
