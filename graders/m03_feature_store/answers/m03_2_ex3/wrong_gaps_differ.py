"""A missing value differs from a missing value."""

# trips: found
# says: what of two gaps

own_endpoint, own_flights = endpoint, answered


def skewed(captured, offline, endpoint):
    right = offline.set_index("flight").loc[captured.flight].reset_index()
    rows = captured.drop(columns="flight")

    def quality(table):
        return roc_auc_score(right.late, score(endpoint, table))

    base = quality(rows)
    costs = {}
    for name in rows.columns:
        differ = not np.isclose(captured[name], right[name], rtol=0, atol=0.001).all()
        if differ:
            costs[name] = quality(rows.assign(**{name: right[name]})) - base
    return costs
