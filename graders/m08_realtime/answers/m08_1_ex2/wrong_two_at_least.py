"""One instance is none: never fewer than two."""

# trips: practice
# says: expected what the text says of so few


def instances(brief):
    seconds = [(model + extra) / 1e6 for model, extra in zip(brief["model_latency"], brief["overhead_latency"], strict=True)]

    def late(count):
        return sum(time > brief["late_after_ms"] / 1000 for time in answer_times(brief["arrivals"], seconds, count))

    return min(range(2, 13), key=lambda count: count * brief["instance_usd"] / 6 + late(count) * brief["late_usd"])
