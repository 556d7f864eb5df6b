"""The better mean wins."""

# trips: verdict
# says: Draw the interval


def compare(first, second, matters):
    one, other = ({search["seed"]: search["auc"] for search in searches} for searches in (first, second))
    seeds = one.keys() & other.keys()
    budget = min(len(found[seed]) for found in (one, other) for seed in seeds)
    differences = [max(one[seed][:budget]) - max(other[seed][:budget]) for seed in seeds]
    middle = fmean(differences)
    verdict = "same" if abs(middle) < matters / 10 else "first" if middle > 0 else "second"
    return {"difference": middle, "verdict": verdict}
