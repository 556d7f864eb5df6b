"""An answer takes as long as the model takes."""

# trips: regret
# says: without SageMaker's overhead


def instances(brief):
    seconds = [model / 1e6 for model in brief["model_latency"]]

    def late(count):
        return sum(time > brief["late_after_ms"] / 1000 for time in answer_times(brief["arrivals"], seconds, count))

    return min(range(1, 13), key=lambda count: count * brief["instance_usd"] / 6 + late(count) * brief["late_usd"])
