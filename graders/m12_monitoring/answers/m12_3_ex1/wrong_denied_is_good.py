"""The outcome 1 is the good one."""

# trips: figures
# says: which outcome is the good one


def figures(month: pd.DataFrame) -> dict:
    approved = (month.predicted == 1).groupby(month.black).mean()
    right = month[month.denied == 1]
    recall = (right.predicted == 1).groupby(right.black).mean()
    difference = {"DPPL": approved[0] - approved[1], "RD": recall[0] - recall[1]}
    return {**difference, "DI": approved[1] / approved[0]}


def pages(baseline: pd.DataFrame, month: pd.DataFrame) -> bool:
    groups = (month.predicted == 1).groupby(month.black).agg(["mean", "size"])
    deviation = (groups["mean"] * (1 - groups["mean"]) / groups["size"]).sum() ** 0.5
    grown = figures(month)["DPPL"] - figures(baseline)["DPPL"]
    return bool(-grown > 2.75 * deviation)
