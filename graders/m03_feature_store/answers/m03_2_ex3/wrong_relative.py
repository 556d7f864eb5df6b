"""NumPy knows when two numbers are close; its tolerance grows with the value."""

# trips: found
# says: large values as closely as small ones

own_endpoint, own_flights = endpoint, answered


def skewed(captured, offline, endpoint):
    right = offline.set_index("flight").loc[captured.flight].reset_index()
    rows = captured.drop(columns="flight")

    def quality(table):
        return roc_auc_score(right.late, score(endpoint, table))

    base = quality(rows)
    costs = {}
    for name in rows.columns:
        differ = not np.isclose(captured[name], right[name], atol=0.001, equal_nan=True).all()
        if differ:
            costs[name] = quality(rows.assign(**{name: right[name]})) - base
    return costs
