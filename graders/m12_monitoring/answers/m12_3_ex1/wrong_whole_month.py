"""The noise of a share of all applications."""

# trips: guard
# says: others. Many of the wrong ones are


def figures(month: pd.DataFrame) -> dict:
    approved = (month.predicted == 0).groupby(month.black).mean()
    right = month[month.denied == 0]
    recall = (right.predicted == 0).groupby(right.black).mean()
    difference = {"DPPL": approved[0] - approved[1], "RD": recall[0] - recall[1]}
    return {**difference, "DI": approved[1] / approved[0]}


def pages(baseline: pd.DataFrame, month: pd.DataFrame) -> bool:
    approved = (month.predicted == 0).mean()
    deviation = (approved * (1 - approved) / len(month)) ** 0.5
    grown = figures(month)["DPPL"] - figures(baseline)["DPPL"]
    return bool(grown > 2.75 * deviation)
