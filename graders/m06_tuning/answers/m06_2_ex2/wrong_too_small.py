"""A little less hurry lets a search learn, a little more does not."""

# trips: flips
# says: which question must be answered otherwise


def changed(search, strategy):
    if strategy == "Bayesian":
        return search | {"parallel": search["parallel"] - 1 if search["parallel"] > 1 else 2}
    if strategy == "Random":
        return search | {"parallel": search["parallel"] + 1 if search["parallel"] < 10 else 9}
    if strategy == "Grid":
        return search | {"combinations": max(2, search["combinations"] - 1) if search["combinations"] > 2 else 3}
    return search | {"reports": search["reports"] + 1}
