def decide(experiment):
    from scipy.stats import ttest_rel

    if (experiment["new_is"], experiment["measured"]) == ("shadow", "users"):
        return "expose"
    whole = [day for day in experiment["days"] if all(half["known"] == half["asked"] for half in day.values())]
    if len(whole) < experiment["planned_days"]:
        return "wait"
    old, new = ([day[name]["error"] for day in whole] for name in ("old", "new"))
    test = ttest_rel(old, new)
    return "ship" if test.pvalue < 0.05 and test.statistic > 0 else "keep"
