"""To learn, a search needs fewer at a time and more jobs."""

# trips: legal
# says: fields differ


def changed(search, strategy):
    if strategy == "Bayesian":
        return search | {"parallel": 1, "jobs": search["jobs"] + 1}
    if strategy == "Random":
        return search | {"parallel": 10, "jobs": search["jobs"] - 1}
    if strategy == "Grid":
        return search | {"numeric": 0, "combinations": search["jobs"]}
    return search | {"reports": 50, "minutes": 30}
