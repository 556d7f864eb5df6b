"""Today's weights in today's order."""

# trips: score
# says: by what is the sum divided


def attribution_drift(baseline: pd.DataFrame, today: pd.DataFrame) -> float:
    discounts = np.log2(np.arange(len(baseline.columns)) + 2)
    before = baseline.abs().mean().sort_values(ascending=False).to_numpy()
    now = today.abs().mean().sort_values(ascending=False).to_numpy()
    return float((now / discounts).sum() / (before / discounts).sum())
