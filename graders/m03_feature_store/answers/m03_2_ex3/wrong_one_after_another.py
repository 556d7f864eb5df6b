"""Repair one after the other, and note each gain."""

# trips: costs
# says: leave all others as captured

own_endpoint, own_flights = endpoint, answered


def skewed(captured, offline, endpoint):
    right = offline.set_index("flight").loc[captured.flight].reset_index()
    rows = captured.drop(columns="flight")

    def quality(table):
        return roc_auc_score(right.late, score(endpoint, table))

    base = quality(rows)
    costs = {}
    for name in rows.columns:
        differ = not np.isclose(captured[name], right[name], rtol=0, atol=0.001, equal_nan=True).all()
        if differ:
            rows = rows.assign(**{name: right[name]})
            costs[name] = quality(rows) - base
            base += costs[name]
    return costs
