"""Once the ranges are narrower, any scale will do."""

# trips: rescued
# says: your ranges have so few trained trials


def next_ranges(first, trials):
    good = sorted(trials, key=lambda trial: -trial["auc"])[:20]
    ranges = []
    for one in first:
        values = [trial[one["Name"]] for trial in good]
        low, high = max(min(values), float(one["MinValue"])), min(max(values), float(one["MaxValue"]))
        ranges.append(one | {"MinValue": str(low), "MaxValue": str(high), "ScalingType": "Linear"})
    return ranges
