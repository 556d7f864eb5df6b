"""Divided by the place."""

# trips: score
# says: scores are right


def attribution_drift(baseline: pd.DataFrame, today: pd.DataFrame) -> float:
    weights = baseline.abs().mean()
    order = today.abs().mean().sort_values(ascending=False).index
    discounts = np.arange(len(weights)) + 1.0
    best = weights.sort_values(ascending=False).to_numpy()
    return float((weights[order].to_numpy() / discounts).sum() / (best / discounts).sum())
