"""Users have to see the answers first."""

# trips: decision
# says: is it one field that says so, or two together


def decide(experiment):
    if experiment["measured"] == "users":
        return "expose"
    whole = [day for day in experiment["days"] if all(model["known"] == model["asked"] for model in day.values())]
    if len(whole) < experiment["planned_days"]:
        return "wait"
    won = np.array([day["old"]["error"] - day["new"]["error"] for day in whole])
    return "ship" if won.mean() >= 2 * won.std(ddof=1) / math.sqrt(len(won)) else "keep"
