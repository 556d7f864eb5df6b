"""As Clarify does: whatever is worse than the baseline."""

# trips: guard
# says: Many of the wrong ones are sound months


def figures(month: pd.DataFrame) -> dict:
    approved = (month.predicted == 0).groupby(month.black).mean()
    right = month[month.denied == 0]
    recall = (right.predicted == 0).groupby(right.black).mean()
    difference = {"DPPL": approved[0] - approved[1], "RD": recall[0] - recall[1]}
    return {**difference, "DI": approved[1] / approved[0]}


def pages(baseline: pd.DataFrame, month: pd.DataFrame) -> bool:
    return bool(figures(month)["DPPL"] > figures(baseline)["DPPL"])
