def next_ranges(first, trials):
    aucs = np.array([trial["auc"] for trial in trials])
    good = np.argsort(-aucs)[: len(trials) // 4]
    good = good[aucs[good] > aucs.min()]
    found = []
    for one in first:
        values = np.log([trials[place][one["Name"]] for place in good])
        low, high = one["MinValue"], one["MaxValue"]
        if len(good) > 12:
            ends = np.exp(np.quantile(values, [0.03, 0.97]))
            low = low if one["ScalingType"] == "Linear" else f"{max(ends[0], float(low)):.8g}"
            high = f"{min(ends[1], float(high)):.8g}"
        found.append(one | {"MinValue": low, "MaxValue": high, "ScalingType": "Logarithmic"})
    return found
