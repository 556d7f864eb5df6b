"""The share of Black applicants first."""

# trips: figures
# says: has the other sign


def figures(month: pd.DataFrame) -> dict:
    approved = (month.predicted == 0).groupby(month.black).mean()
    right = month[month.denied == 0]
    recall = (right.predicted == 0).groupby(right.black).mean()
    difference = {"DPPL": approved[1] - approved[0], "RD": recall[1] - recall[0]}
    return {**difference, "DI": approved[1] / approved[0]}


def pages(baseline: pd.DataFrame, month: pd.DataFrame) -> bool:
    groups = (month.predicted == 0).groupby(month.black).agg(["mean", "size"])
    deviation = (groups["mean"] * (1 - groups["mean"]) / groups["size"]).sum() ** 0.5
    grown = figures(month)["DPPL"] - figures(baseline)["DPPL"]
    return bool(-grown > 2.75 * deviation)
