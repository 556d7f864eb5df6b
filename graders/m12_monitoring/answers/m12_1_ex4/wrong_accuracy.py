"""The limit that tells most windows right."""

# trips: practice
# says: Another choice costs less


def choose(history: pd.DataFrame, costs: dict) -> dict:
    best, most = {}, -1.0
    for (baseline, days), some in history.groupby(["baseline", "days"]):
        for limit in np.unique(some[["sound", "broken"]]):
            right = (some.broken > limit).mean() - (some.sound > limit).mean()
            if right > most:
                best, most = {"baseline": baseline, "days": int(days), "limit": float(limit)}, right
    return best
