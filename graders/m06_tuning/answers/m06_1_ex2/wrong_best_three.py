"""The best three trials say where to look."""

# trips: narrowed
# says: make them wider


def next_ranges(first, trials):
    good = sorted(trials, key=lambda trial: -trial["auc"])[:3]
    ranges = []
    for one in first:
        values = [trial[one["Name"]] for trial in good]
        low, high = max(min(values), float(one["MinValue"])), min(max(values), float(one["MaxValue"]))
        ranges.append(one | {"MinValue": str(low), "MaxValue": str(high), "ScalingType": "Logarithmic"})
    return ranges
