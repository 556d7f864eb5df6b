"""The difference is large already: why wait?"""

# trips: decision
# says: fewer whole days than were planned


def decide(experiment):
    if experiment["new_is"] == "shadow" and experiment["measured"] == "users":
        return "expose"
    whole = [day for day in experiment["days"] if all(model["known"] == model["asked"] for model in day.values())]
    if len(whole) < 3:
        return "wait"
    won = np.array([day["old"]["error"] - day["new"]["error"] for day in whole])
    return "ship" if won.mean() >= 2 * won.std(ddof=1) / math.sqrt(len(won)) else "keep"
