"""The larger number wins."""

# trips: decision
# says: Large differences go both ways


def decide(experiment):
    if experiment["new_is"] == "shadow" and experiment["measured"] == "users":
        return "expose"
    whole = [day for day in experiment["days"] if all(model["known"] == model["asked"] for model in day.values())]
    if len(whole) < experiment["planned_days"]:
        return "wait"
    won = np.array([day["new"]["error"] - day["old"]["error"] for day in whole])
    return "ship" if won.mean() >= 2 * won.std(ddof=1) / math.sqrt(len(won)) else "keep"
