"""No user may wait: as many instances as it takes that nothing comes late but what the model itself delays."""

# trips: regret
# says: does the price of a late answer move your number


def instances(brief):
    seconds = [(model + extra) / 1e6 for model, extra in zip(brief["model_latency"], brief["overhead_latency"], strict=True)]

    def late(count):
        return sum(time > brief["late_after_ms"] / 1000 for time in answer_times(brief["arrivals"], seconds, count))

    least = late(12)
    return next(count for count in range(1, 13) if late(count) <= least + 1)
