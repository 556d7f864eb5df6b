"""Sorted by their AUC, the first twenty are the best."""

# trips: narrowed
# says: What have the good trials in common


def next_ranges(first, trials):
    good = sorted(trials, key=lambda trial: trial["auc"])[:20]
    ranges = []
    for one in first:
        values = sorted(trial[one["Name"]] for trial in good)[3:-3]
        low, high = max(min(values), float(one["MinValue"])), min(max(values), float(one["MaxValue"]))
        ranges.append(one | {"MinValue": str(low), "MaxValue": str(high), "ScalingType": "Logarithmic"})
    return ranges
