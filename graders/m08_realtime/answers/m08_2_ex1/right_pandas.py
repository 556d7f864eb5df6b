def decide(experiment):
    table = pd.json_normalize(experiment["days"])
    whole = table[(table["old.known"] == table["old.asked"]) & (table["new.known"] == table["new.asked"])]
    if (experiment["new_is"], experiment["measured"]) == ("shadow", "users"):
        return "expose"
    if len(whole) < experiment["planned_days"]:
        return "wait"
    gained = whole["old.error"] - whole["new.error"]
    return "ship" if gained.mean() / gained.sem() > 2 else "keep"
