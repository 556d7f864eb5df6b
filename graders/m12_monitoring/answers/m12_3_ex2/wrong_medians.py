"""Medians of the absolute values."""

# trips: score
# says: scores are right


def attribution_drift(baseline: pd.DataFrame, today: pd.DataFrame) -> float:
    weights = baseline.abs().median()
    order = today.abs().median().sort_values(ascending=False).index
    discounts = np.log2(np.arange(len(weights)) + 2)
    best = weights.sort_values(ascending=False).to_numpy()
    return float((weights[order].to_numpy() / discounts).sum() / (best / discounts).sum())
