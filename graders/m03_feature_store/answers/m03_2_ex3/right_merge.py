own_endpoint, own_flights = endpoint, answered


def skewed(captured, offline, endpoint):
    names = [name for name in captured if name != "flight"]
    both = captured.merge(offline, on="flight", suffixes=("_served", ""))
    served = both[[f"{name}_served" for name in names]].set_axis(names, axis=1)
    found = {}
    for name in names:
        gap = (served[name] - both[name]).abs()
        if (gap > 0.001).any() or (served[name].isna() != both[name].isna()).any():
            repaired = served.copy()
            repaired[name] = both[name]
            found[name] = repaired
    before = roc_auc_score(both.late, score(endpoint, served))
    return {name: roc_auc_score(both.late, score(endpoint, table)) - before for name, table in found.items()}
