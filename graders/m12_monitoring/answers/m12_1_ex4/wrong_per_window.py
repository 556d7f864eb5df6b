"""Counts false calls by window, and not by month."""

# trips: practice
# says: Another choice costs less


def choose(history: pd.DataFrame, costs: dict) -> dict:
    best, least = {}, float("inf")
    for (baseline, days), some in history.groupby(["baseline", "days"]):
        known = np.unique(some[["sound", "broken"]])
        for limit in [0.0, *(known[1:] + known[:-1]) / 2, 1.0]:
            caught = (some.broken > limit).mean()
            unnoticed = min(28, days / 2 + days * (1 / caught - 1)) if caught else 28
            price = (some.sound > limit).mean() * costs["page"]
            price += costs["breakages"] * costs["day"] * unnoticed
            if price < least:
                best = {"baseline": baseline, "days": int(days), "limit": float(limit)}
                least = price
    return best
