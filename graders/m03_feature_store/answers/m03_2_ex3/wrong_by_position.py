"""Both tables have the same flights, so the same rows."""

# trips: found
# says: which rows belong together

own_endpoint, own_flights = endpoint, answered


def skewed(captured, offline, endpoint):
    right = offline.reset_index(drop=True)
    rows = captured.drop(columns="flight")

    def quality(table):
        return roc_auc_score(right.late, score(endpoint, table))

    base = quality(rows)
    costs = {}
    for name in rows.columns:
        differ = not np.isclose(captured[name], right[name], rtol=0, atol=0.001, equal_nan=True).all()
        if differ:
            costs[name] = quality(rows.assign(**{name: right[name]})) - base
    return costs
