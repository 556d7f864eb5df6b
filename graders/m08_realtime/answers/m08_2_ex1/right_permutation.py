def decide(experiment):
    if experiment["new_is"] == "shadow" and experiment["measured"] == "users":
        return "expose"
    whole = [day for day in experiment["days"] if all(half["known"] == half["asked"] for half in day.values())]
    if len(whole) < experiment["planned_days"]:
        return "wait"
    won = np.array([day["old"]["error"] - day["new"]["error"] for day in whole])
    drawn = np.random.default_rng(5).choice([-1, 1], size=(10_000, len(won))) @ won
    return "ship" if (drawn >= won.sum()).mean() < 0.05 else "keep"
