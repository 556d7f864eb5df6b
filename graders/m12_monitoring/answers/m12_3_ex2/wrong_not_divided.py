"""The sum itself."""

# trips: score
# says: what is the score of the same order


def attribution_drift(baseline: pd.DataFrame, today: pd.DataFrame) -> float:
    weights = baseline.abs().mean()
    order = today.abs().mean().sort_values(ascending=False).index
    discounts = np.log2(np.arange(len(weights)) + 2)
    return float((weights[order].to_numpy() / discounts).sum())
