"""What costs nothing need not be named."""

# trips: found
# says: its repair gains nothing

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
            cost = quality(rows.assign(**{name: right[name]})) - base
            if cost > 0.01:
                costs[name] = cost
    return costs
