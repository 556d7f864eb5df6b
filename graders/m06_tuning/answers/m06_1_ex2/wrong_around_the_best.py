"""The best trial is where to go on."""

# trips: practice
# says: your ranges have so few trained trials


def next_ranges(first, trials):
    best = max(trials, key=lambda trial: trial["auc"])
    ranges = []
    for one in first:
        low, high = max(best[one["Name"]] / 2, float(one["MinValue"])), min(best[one["Name"]] * 2, float(one["MaxValue"]))
        ranges.append(one | {"MinValue": str(low), "MaxValue": str(high), "ScalingType": "Logarithmic"})
    return ranges
