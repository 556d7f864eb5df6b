"""Names of Python."""

# trips: figures
# says: expected a dict with the numbers


def figures(month: pd.DataFrame) -> dict:
    approved = (month.predicted == 0).groupby(month.black).mean()
    right = month[month.denied == 0]
    recall = (right.predicted == 0).groupby(right.black).mean()
    difference = {"dppl": approved[0] - approved[1], "RD": recall[0] - recall[1]}
    return {**difference, "DI": approved[1] / approved[0]}


def pages(baseline: pd.DataFrame, month: pd.DataFrame) -> bool:
    groups = (month.predicted == 0).groupby(month.black).agg(["mean", "size"])
    deviation = (groups["mean"] * (1 - groups["mean"]) / groups["size"]).sum() ** 0.5
    grown = figures(month)["dppl"] - figures(baseline)["dppl"]
    return bool(grown > 2.75 * deviation)
