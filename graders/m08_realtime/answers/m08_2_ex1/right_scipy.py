def decide(experiment):
    from scipy.stats import ttest_rel

    old, new = [], []
    for day in experiment["days"]:
        if any(half["known"] < half["asked"] for half in (day["old"], day["new"])):
            continue
        old.append(day["old"]["error"])
        new.append(day["new"]["error"])
    match experiment:
        case {"measured": "users", "new_is": "shadow"}:
            return "expose"
        case {"planned_days": planned} if planned > len(old):
            return "wait"
    return "keep" if ttest_rel(old, new).statistic < 2 else "ship"
