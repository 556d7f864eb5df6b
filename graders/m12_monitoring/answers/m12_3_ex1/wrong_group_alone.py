"""Looks at the group alone, not at the others."""

# trips: guard
# says: treat one group worse than the others


def figures(month: pd.DataFrame) -> dict:
    approved = (month.predicted == 0).groupby(month.black).mean()
    right = month[month.denied == 0]
    recall = (right.predicted == 0).groupby(right.black).mean()
    difference = {"DPPL": approved[0] - approved[1], "RD": recall[0] - recall[1]}
    return {**difference, "DI": approved[1] / approved[0]}


def pages(baseline: pd.DataFrame, month: pd.DataFrame) -> bool:
    before, now = ((rows[rows.black == 1].predicted == 0).mean() for rows in (baseline, month))
    deviation = (now * (1 - now) / (month.black == 1).sum()) ** 0.5
    return bool(before - now > 2.75 * deviation)
