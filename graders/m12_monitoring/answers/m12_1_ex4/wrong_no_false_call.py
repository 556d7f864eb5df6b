"""Nobody may be called without need: above all sound distances."""

# trips: practice
# says: Another choice costs less


def choose(history: pd.DataFrame, costs: dict) -> dict:
    rows = []
    for (baseline, days), some in history.groupby(["baseline", "days"]):
        limit = float(some.sound.max())
        rows.append(((some.broken > limit).mean(), {"baseline": baseline, "days": int(days), "limit": limit}))
    return max(rows, key=lambda each: each[0])[1]
