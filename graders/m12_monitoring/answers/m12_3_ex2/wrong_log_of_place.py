"""The logarithm of the place itself."""

# trips: score
# says: divided by what


def attribution_drift(baseline: pd.DataFrame, today: pd.DataFrame) -> float:
    weights = baseline.abs().mean()
    order = today.abs().mean().sort_values(ascending=False).index
    discounts = np.maximum(1, np.log2(np.arange(len(weights)) + 1))
    best = weights.sort_values(ascending=False).to_numpy()
    return float((weights[order].to_numpy() / discounts).sum() / (best / discounts).sum())
