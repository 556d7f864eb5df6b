"""The spread of the differences is how unsure their mean is."""

# trips: verdict
# says: that of the mean of so many


def compare(first, second, matters):
    one, other = ({search["seed"]: search["auc"] for search in searches} for searches in (first, second))
    seeds = one.keys() & other.keys()
    budget = min(len(found[seed]) for found in (one, other) for seed in seeds)
    differences = [max(one[seed][:budget]) - max(other[seed][:budget]) for seed in seeds]
    middle = fmean(differences)
    half = 2.1 * stdev(differences)
    if -matters < middle - half and middle + half < matters:
        verdict = "same"
    elif middle - half > 0:
        verdict = "first"
    else:
        verdict = "second" if middle + half < 0 else "cannot tell"
    return {"difference": middle, "verdict": verdict}
