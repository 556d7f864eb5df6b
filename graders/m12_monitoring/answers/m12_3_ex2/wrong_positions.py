"""Columns by their places."""

# trips: score
# says: are features compared by name


def attribution_drift(baseline: pd.DataFrame, today: pd.DataFrame) -> float:
    weights = baseline.abs().mean().to_numpy()
    order = np.argsort(-today.abs().mean().to_numpy())
    discounts = np.log2(np.arange(len(weights)) + 2)
    return float((weights[order] / discounts).sum() / (np.sort(weights)[::-1] / discounts).sum())
