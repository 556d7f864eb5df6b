def table(search):
    everything = search["numeric"] == 0 and search["jobs"] >= search["combinations"]
    long_and_told = search["reports"] >= 10 and search["minutes"] >= 20
    learns = search["jobs"] / search["parallel"] >= 5
    return "Grid" if everything else "Hyperband" if long_and_told else "Bayesian" if learns else "Random"


def changed(search, strategy):
    jobs, parallel, combinations = search["jobs"], search["parallel"], search["combinations"]
    candidates = [("numeric", value) for value in (0, 1)]
    candidates += [("combinations", value) for value in (2, jobs, jobs + 1)]
    candidates += [("jobs", value) for value in (max(2, parallel), combinations, combinations - 1, 5 * parallel, 5 * parallel - 1)]
    candidates += [("parallel", value) for value in (1, jobs // 5, jobs // 5 + 1, min(10, jobs))]
    candidates += [("reports", value) for value in (1, 10)] + [("minutes", value) for value in (1, 20)]
    for field, value in candidates:
        copy = dict(search)
        copy[field] = value
        legal = 1 <= copy["parallel"] <= min(10, copy["jobs"]) and copy["jobs"] >= 2 and 2 <= copy["combinations"] <= 500
        if legal and copy["jobs"] * copy["minutes"] <= copy["paid_minutes"] and table(copy) == strategy:
            return copy
    return search
