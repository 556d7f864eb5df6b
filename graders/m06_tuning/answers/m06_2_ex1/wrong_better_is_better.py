"""What is surely better is better; the rest is asked afterwards."""

# trips: verdict
# says: which question comes first


def compare(first, second, matters):
    one, other = ({search["seed"]: search["auc"] for search in searches} for searches in (first, second))
    seeds = one.keys() & other.keys()
    budget = min(len(found[seed]) for found in (one, other) for seed in seeds)
    differences = [max(one[seed][:budget]) - max(other[seed][:budget]) for seed in seeds]
    middle = fmean(differences)
    half = 2.1 * stdev(differences) / math.sqrt(len(differences))
    if middle - half > 0:
        verdict = "first"
    elif middle + half < 0:
        verdict = "second"
    else:
        verdict = "same" if -matters < middle - half and middle + half < matters else "cannot tell"
    return {"difference": middle, "verdict": verdict}
