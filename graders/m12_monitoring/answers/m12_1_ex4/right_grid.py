def choose(history: pd.DataFrame, costs: dict) -> dict:
    grid = np.arange(0.00005, 1, 0.0001)  # the distances have four decimals: one limit between each two
    found = []
    for baseline in ("training", "past"):
        for days in (1, 7, 28):
            some = history[(history.baseline == baseline) & (history.days == days)]
            false = (some.sound.to_numpy()[:, None] > grid).mean(axis=0)
            caught = (some.broken.to_numpy()[:, None] > grid).mean(axis=0)
            unnoticed = days / 2 + days * (1 / np.maximum(caught, 1e-9) - 1)
            prices = 28 / days * false * costs["page"] + costs["breakages"] * costs["day"] * np.minimum(28, unnoticed)
            place = int(prices.argmin())
            found.append((float(prices[place]), {"baseline": baseline, "days": days, "limit": float(grid[place])}))
    return min(found, key=lambda each: each[0])[1]
