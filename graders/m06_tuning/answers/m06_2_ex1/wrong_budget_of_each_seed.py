"""A fair budget is the same for both, seed by seed."""

# trips: practice
# says: So many count, for every seed


def compare(first, second, matters):
    one, other = ({search["seed"]: search["auc"] for search in searches} for searches in (first, second))
    seeds = one.keys() & other.keys()
    budgets = {seed: min(len(one[seed]), len(other[seed])) for seed in seeds}
    differences = [max(one[seed][:budget]) - max(other[seed][:budget]) for seed, budget in budgets.items()]
    middle = fmean(differences)
    half = 2.1 * stdev(differences) / math.sqrt(len(differences))
    if -matters < middle - half and middle + half < matters:
        verdict = "same"
    elif middle - half > 0:
        verdict = "first"
    else:
        verdict = "second" if middle + half < 0 else "cannot tell"
    return {"difference": middle, "verdict": verdict}
