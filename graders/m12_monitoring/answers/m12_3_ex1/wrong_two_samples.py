"""Takes the baseline for a sample with noise of its own."""

# trips: guard
# says: The baseline's figures are exact


def figures(month: pd.DataFrame) -> dict:
    approved = (month.predicted == 0).groupby(month.black).mean()
    right = month[month.denied == 0]
    recall = (right.predicted == 0).groupby(right.black).mean()
    difference = {"DPPL": approved[0] - approved[1], "RD": recall[0] - recall[1]}
    return {**difference, "DI": approved[1] / approved[0]}


def pages(baseline: pd.DataFrame, month: pd.DataFrame) -> bool:
    variance = 0.0
    for rows in (baseline, month):
        groups = (rows.predicted == 0).groupby(rows.black).agg(["mean", "size"])
        variance += (groups["mean"] * (1 - groups["mean"]) / groups["size"]).sum()
    grown = figures(month)["DPPL"] - figures(baseline)["DPPL"]
    return bool(grown > 2.75 * variance**0.5)
