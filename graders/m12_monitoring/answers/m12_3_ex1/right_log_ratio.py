def figures(month: pd.DataFrame) -> dict:
    approved = (month.predicted == 0).groupby(month.black).mean()
    right = month[month.denied == 0]
    recall = (right.predicted == 0).groupby(right.black).mean()
    difference = {"DPPL": approved[0] - approved[1], "RD": recall[0] - recall[1]}
    return {**difference, "DI": approved[1] / approved[0]}


def pages(baseline: pd.DataFrame, month: pd.DataFrame) -> bool:
    """The logarithm of DI, and its deviation by the delta method."""
    groups = (month.predicted == 0).groupby(month.black).agg(["mean", "size"])
    deviation = ((1 - groups["mean"]) / (groups["mean"] * groups["size"])).sum() ** 0.5
    fallen = np.log(figures(baseline)["DI"]) - np.log(groups["mean"][1] / groups["mean"][0])
    return bool(fallen / deviation > 2.75)
