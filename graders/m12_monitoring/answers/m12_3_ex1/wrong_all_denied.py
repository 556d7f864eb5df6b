"""How many the model denies in all."""

# trips: guard
# says: treat one group worse than the others


def figures(month: pd.DataFrame) -> dict:
    approved = (month.predicted == 0).groupby(month.black).mean()
    right = month[month.denied == 0]
    recall = (right.predicted == 0).groupby(right.black).mean()
    difference = {"DPPL": approved[0] - approved[1], "RD": recall[0] - recall[1]}
    return {**difference, "DI": approved[1] / approved[0]}


def pages(baseline: pd.DataFrame, month: pd.DataFrame) -> bool:
    before, now = baseline.predicted.mean(), month.predicted.mean()
    return bool(now - before > 2.75 * (now * (1 - now) / len(month)) ** 0.5)
