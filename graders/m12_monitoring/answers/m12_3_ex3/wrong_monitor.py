"""The names of the monitors."""

# trips: form
# says: expected one of


def triage(usual: pd.DataFrame, now: dict) -> str:
    def beyond(name: str) -> float:
        return (now[name] - usual[name].mean()) / max(usual[name].std(), 0.004)

    if now["constant"] > 0 or now["drift"] > 0.5:
        return "DataQuality"
    if now["ndcg"] < 0.9:
        return "release"
    if beyond("dppl") > 4:
        return "fairness"
    return "retraining" if beyond("auc") < -4 else "nobody"
