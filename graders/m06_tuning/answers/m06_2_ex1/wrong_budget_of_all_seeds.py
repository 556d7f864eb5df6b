"""The shortest of all searches sets the budget."""

# trips: practice
# says: the shortest search with a seed that both have


def compare(first, second, matters):
    one, other = ({search["seed"]: search["auc"] for search in searches} for searches in (first, second))
    seeds = one.keys() & other.keys()
    budget = min(len(search["auc"]) for search in first + second)
    differences = [max(one[seed][:budget]) - max(other[seed][:budget]) for seed in seeds]
    middle = fmean(differences)
    half = 2.1 * stdev(differences) / math.sqrt(len(differences))
    if -matters < middle - half and middle + half < matters:
        verdict = "same"
    elif middle - half > 0:
        verdict = "first"
    else:
        verdict = "second" if middle + half < 0 else "cannot tell"
    return {"difference": middle, "verdict": verdict}
