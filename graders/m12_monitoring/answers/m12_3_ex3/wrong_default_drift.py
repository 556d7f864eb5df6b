"""The default limit of data quality."""

# trips: calls
# says: wake somebody for nothing


def triage(usual: pd.DataFrame, now: dict) -> str:
    def beyond(name: str) -> float:
        return (now[name] - usual[name].mean()) / max(usual[name].std(), 0.004)

    if now["constant"] > 0 or now["drift"] > 0.1:
        return "forms"
    if now["ndcg"] < 0.9:
        return "release"
    if beyond("dppl") > 4:
        return "fairness"
    return "retraining" if beyond("auc") < -4 else "nobody"
