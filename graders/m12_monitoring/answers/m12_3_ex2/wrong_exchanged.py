"""Today's weights in the order of the baseline."""

# trips: score
# says: scores are right


def attribution_drift(baseline: pd.DataFrame, today: pd.DataFrame) -> float:
    weights = today.abs().mean()
    order = baseline.abs().mean().sort_values(ascending=False).index
    discounts = np.log2(np.arange(len(weights)) + 2)
    best = weights.sort_values(ascending=False).to_numpy()
    return float((weights[order].to_numpy() / discounts).sum() / (best / discounts).sum())
