"""Two digits."""

# trips: score
# says: are they rounded


def attribution_drift(baseline: pd.DataFrame, today: pd.DataFrame) -> float:
    weights = baseline.abs().mean()
    order = today.abs().mean().sort_values(ascending=False).index
    discounts = np.log2(np.arange(len(weights)) + 2)
    best = weights.sort_values(ascending=False).to_numpy()
    return round(float((weights[order].to_numpy() / discounts).sum() / (best / discounts).sum()), 2)
