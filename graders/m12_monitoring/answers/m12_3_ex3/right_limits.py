def triage(usual: pd.DataFrame, now: dict) -> str:
    mean, spread = usual.mean(), usual.std().clip(lower=0.005)
    signs = {
        "forms": now["constant"] >= 1 or now["drift"] >= 0.6,
        "release": now["ndcg"] <= 0.88,
        "fairness": now["dppl"] > mean["dppl"] + 4.5 * spread["dppl"],
        "retraining": now["auc"] < mean["auc"] - 4.5 * spread["auc"],
        "nobody": True,
    }
    return next(call for call, there in signs.items() if there)
