from sklearn.metrics import ndcg_score


def attribution_drift(baseline: pd.DataFrame, today: pd.DataFrame) -> float:
    before, now = baseline.abs().mean(), today[baseline.columns].abs().mean()
    return float(ndcg_score([before.to_numpy()], [now.to_numpy()]))
