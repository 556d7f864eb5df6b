"""A shadow gets the same requests, so it can be measured like any other."""

# trips: decision
# says: users who never saw


def decide(experiment):
    whole = [day for day in experiment["days"] if all(model["known"] == model["asked"] for model in day.values())]
    if len(whole) < experiment["planned_days"]:
        return "wait"
    won = np.array([day["old"]["error"] - day["new"]["error"] for day in whole])
    return "ship" if won.mean() >= 2 * won.std(ddof=1) / math.sqrt(len(won)) else "keep"
