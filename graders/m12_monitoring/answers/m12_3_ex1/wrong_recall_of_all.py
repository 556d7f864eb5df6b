"""RD of all applicants."""

# trips: figures
# says: another figure of the three


def figures(month: pd.DataFrame) -> dict:
    approved = (month.predicted == 0).groupby(month.black).mean()
    difference = {"DPPL": approved[0] - approved[1], "RD": approved[0] - approved[1]}
    return {**difference, "DI": approved[1] / approved[0]}


def pages(baseline: pd.DataFrame, month: pd.DataFrame) -> bool:
    groups = (month.predicted == 0).groupby(month.black).agg(["mean", "size"])
    deviation = (groups["mean"] * (1 - groups["mean"]) / groups["size"]).sum() ** 0.5
    grown = figures(month)["DPPL"] - figures(baseline)["DPPL"]
    return bool(grown > 2.75 * deviation)
