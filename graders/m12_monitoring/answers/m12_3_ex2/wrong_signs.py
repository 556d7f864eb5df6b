"""Means with their signs."""

# trips: score
# says: do they cancel out


def attribution_drift(baseline: pd.DataFrame, today: pd.DataFrame) -> float:
    weights = baseline.mean().abs()
    order = today.mean().abs().sort_values(ascending=False).index
    discounts = np.log2(np.arange(len(weights)) + 2)
    best = weights.sort_values(ascending=False).to_numpy()
    return float((weights[order].to_numpy() / discounts).sum() / (best / discounts).sum())
