def next_ranges(first, trials):
    table = pd.DataFrame(trials)
    good = table[table.auc > table.auc.min()].nlargest(len(table) * 2 // 5, "auc")
    narrow = len(good) >= 10 and all(one["ScalingType"] == "Logarithmic" for one in first)
    ranges = pd.DataFrame(first).set_index("Name").assign(ScalingType="Logarithmic")
    for name in ranges.index if narrow else ():
        bounds = ranges.loc[name, ["MinValue", "MaxValue"]].astype(float)
        ranges.loc[name, ["MinValue", "MaxValue"]] = [str(end) for end in good[name].clip(*bounds).agg(["min", "max"]).tolist()]
    return ranges.reset_index().to_dict("records")
