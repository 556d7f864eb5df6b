"""Bounds are numbers."""

# trips: practice
# says: AWS takes text alone


def next_ranges(first, trials):
    good = sorted(trials, key=lambda trial: -trial["auc"])[:20]
    ranges = []
    for one in first:
        values = [trial[one["Name"]] for trial in good]
        ranges.append(one | {"MinValue": min(values), "MaxValue": max(values), "ScalingType": "Logarithmic"})
    return ranges
