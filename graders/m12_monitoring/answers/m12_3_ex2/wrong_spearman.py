"""The correlation of the two orders."""

# trips: score
# says: scores are right


def attribution_drift(baseline: pd.DataFrame, today: pd.DataFrame) -> float:
    before, now = baseline.abs().mean(), today[baseline.columns].abs().mean()
    return float(before.rank().corr(now.rank()))
