"""The difference is what the second gains over the first."""

# trips: difference
# says: which is taken from which


def compare(first, second, matters):
    one, other = ({search["seed"]: search["auc"] for search in searches} for searches in (first, second))
    seeds = one.keys() & other.keys()
    budget = min(len(found[seed]) for found in (one, other) for seed in seeds)
    differences = [max(other[seed][:budget]) - max(one[seed][:budget]) for seed in seeds]
    middle = fmean(differences)
    half = 2.1 * stdev(differences) / math.sqrt(len(differences))
    if -matters < middle - half and middle + half < matters:
        verdict = "same"
    elif middle - half > 0:
        verdict = "second"
    else:
        verdict = "first" if middle + half < 0 else "cannot tell"
    return {"difference": middle, "verdict": verdict}
