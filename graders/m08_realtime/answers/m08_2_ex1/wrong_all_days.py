"""A day is a day, and nearly all of its outcomes are in."""

# trips: decision
# says: days that are not whole


def decide(experiment):
    if experiment["new_is"] == "shadow" and experiment["measured"] == "users":
        return "expose"
    if len(experiment["days"]) < experiment["planned_days"]:
        return "wait"
    won = np.array([day["old"]["error"] - day["new"]["error"] for day in experiment["days"]])
    return "ship" if won.mean() >= 2 * won.std(ddof=1) / math.sqrt(len(won)) else "keep"
