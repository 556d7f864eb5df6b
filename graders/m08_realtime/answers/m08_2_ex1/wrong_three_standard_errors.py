"""Better safe than sorry: three standard errors."""

# trips: decision
# says: is the difference large, measured by


def decide(experiment):
    if experiment["new_is"] == "shadow" and experiment["measured"] == "users":
        return "expose"
    whole = [day for day in experiment["days"] if all(model["known"] == model["asked"] for model in day.values())]
    if len(whole) < experiment["planned_days"]:
        return "wait"
    won = np.array([day["old"]["error"] - day["new"]["error"] for day in whole])
    return "ship" if won.mean() >= 3 * won.std(ddof=1) / math.sqrt(len(won)) else "keep"
