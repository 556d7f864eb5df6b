"""Means, of which the largest positive one comes first."""

# trips: score
# says: do they cancel out


def attribution_drift(baseline: pd.DataFrame, today: pd.DataFrame) -> float:
    weights = baseline.mean()
    order = today.mean().sort_values(ascending=False).index
    discounts = np.log2(np.arange(len(weights)) + 2)
    best = weights.sort_values(ascending=False).to_numpy()
    return float((weights[order].to_numpy() / discounts).sum() / (best / discounts).sum())
