"""Significant or not: that is the whole question."""

# trips: verdict
# says: where does your rule use `matters`


def compare(first, second, matters):
    one, other = ({search["seed"]: search["auc"] for search in searches} for searches in (first, second))
    seeds = one.keys() & other.keys()
    budget = min(len(found[seed]) for found in (one, other) for seed in seeds)
    differences = [max(one[seed][:budget]) - max(other[seed][:budget]) for seed in seeds]
    middle = fmean(differences)
    half = 2.1 * stdev(differences) / math.sqrt(len(differences))
    verdict = "first" if middle - half > 0 else "second" if middle + half < 0 else "cannot tell"
    return {"difference": middle, "verdict": verdict}
