def triage(usual: pd.DataFrame, now: dict) -> str:
    low, high = usual.min(), usual.max()
    width = (high - low).clip(lower=0.01)
    if now["constant"] or now["drift"] > 0.5:
        return "forms"
    if now["ndcg"] < low["ndcg"] - 0.05:
        return "release"
    if now["dppl"] > high["dppl"] + 0.5 * width["dppl"]:
        return "fairness"
    if now["auc"] < low["auc"] - 0.75 * width["auc"]:
        return "retraining"
    return "nobody"
