"""The good trials show where to look, whatever the scale of the first search."""

# trips: rescued
# says: draw small values as often as large ones


def next_ranges(first, trials):
    worst = min(trial["auc"] for trial in trials)
    ranked = sorted((trial for trial in trials if trial["auc"] > worst), key=lambda trial: -trial["auc"])
    good = ranked[: len(trials) // 3] or trials
    ranges = []
    for one in first:
        values = [trial[one["Name"]] for trial in good]
        low, high = max(min(values), float(one["MinValue"])), min(max(values), float(one["MaxValue"]))
        ranges.append({"Name": one["Name"], "MinValue": str(low), "MaxValue": str(high), "ScalingType": "Logarithmic"})
    return ranges
