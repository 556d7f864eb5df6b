"""Nobody looks at the reasons."""

# trips: calls
# says: which measure is about reasons


def triage(usual: pd.DataFrame, now: dict) -> str:
    def beyond(name: str) -> float:
        return (now[name] - usual[name].mean()) / max(usual[name].std(), 0.004)

    if now["constant"] > 0 or now["drift"] > 0.5:
        return "forms"
    if beyond("dppl") > 4:
        return "fairness"
    return "retraining" if beyond("auc") < -4 else "nobody"
