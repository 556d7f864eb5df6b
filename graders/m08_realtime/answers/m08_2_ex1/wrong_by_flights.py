"""There are thousands of flights: what could be chance in that?"""

# trips: decision
# says: did the new model win on days


def decide(experiment):
    if experiment["new_is"] == "shadow" and experiment["measured"] == "users":
        return "expose"
    whole = [day for day in experiment["days"] if all(model["known"] == model["asked"] for model in day.values())]
    if len(whole) < experiment["planned_days"]:
        return "wait"
    won = np.mean([day["old"]["error"] - day["new"]["error"] for day in whole])
    errors = [half["spread"] ** 2 / sum(day[name]["known"] for day in whole) for name, half in whole[0].items()]
    return "ship" if won >= 2 * math.sqrt(sum(errors)) else "keep"
