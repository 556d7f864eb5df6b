own_endpoint, own_flights = endpoint, answered


def skewed(captured, offline, endpoint):
    served, right = captured.sort_values("flight", ignore_index=True), offline.sort_values("flight", ignore_index=True)
    rows = served.drop(columns="flight")
    before = roc_auc_score(right.late, score(endpoint, rows))
    prices = {}
    for name in rows:
        if ((rows[name].fillna(-1e9) - right[name].fillna(-1e9)).abs() > 0.001).any():
            prices[name] = float(roc_auc_score(right.late, score(endpoint, rows.assign(**{name: right[name]}))) - before)
    return prices
