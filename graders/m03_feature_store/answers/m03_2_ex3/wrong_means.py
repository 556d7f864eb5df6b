"""A feature with the right mean is right."""

# trips: found
# says: compare each flight

own_endpoint, own_flights = endpoint, answered


def skewed(captured, offline, endpoint):
    right = offline.set_index("flight").loc[captured.flight].reset_index()
    rows = captured.drop(columns="flight")

    def quality(table):
        return roc_auc_score(right.late, score(endpoint, table))

    base = quality(rows)
    costs = {}
    for name in rows.columns:
        differ = abs(captured[name].mean() - right[name].mean()) > 0.001
        if differ:
            costs[name] = quality(rows.assign(**{name: right[name]})) - base
    return costs
