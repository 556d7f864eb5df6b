"""What a skew costs is what it breaks in a sound table."""

# trips: costs
# says: leave all others as captured

own_endpoint, own_flights = endpoint, answered


def skewed(captured, offline, endpoint):
    right = offline.set_index("flight").loc[captured.flight].reset_index()
    rows = captured.drop(columns="flight")

    def quality(table):
        return roc_auc_score(right.late, score(endpoint, table))

    costs = {}
    for name in rows.columns:
        differ = not np.isclose(captured[name], right[name], rtol=0, atol=0.001, equal_nan=True).all()
        if differ:
            sound = right[list(rows.columns)]
            costs[name] = quality(sound) - quality(sound.assign(**{name: rows[name]}))
    return costs
