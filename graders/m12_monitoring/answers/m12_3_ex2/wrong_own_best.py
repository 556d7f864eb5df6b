"""The best order is today's."""

# trips: score
# says: scores are right


def attribution_drift(baseline: pd.DataFrame, today: pd.DataFrame) -> float:
    weights = baseline.abs().mean()
    order = today.abs().mean().sort_values(ascending=False).index
    discounts = np.log2(np.arange(len(weights)) + 2)
    return float((weights[order].to_numpy() / discounts).sum() / (weights[order].to_numpy() / discounts).sum())
