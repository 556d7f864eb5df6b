"""A day is whole when the outcomes of the live model are in."""

# trips: decision
# says: which days have outcomes that are still to come


def decide(experiment):
    if experiment["new_is"] == "shadow" and experiment["measured"] == "users":
        return "expose"
    whole = [day for day in experiment["days"] if day["old"]["known"] == day["old"]["asked"]]
    if len(whole) < experiment["planned_days"]:
        return "wait"
    won = np.array([day["old"]["error"] - day["new"]["error"] for day in whole])
    return "ship" if won.mean() >= 2 * won.std(ddof=1) / math.sqrt(len(won)) else "keep"
