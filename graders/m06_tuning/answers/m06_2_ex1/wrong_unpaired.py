"""Two strategies are two samples: compare their means, each with its own spread."""

# trips: verdict
# says: does your interval hold pairs, or two heaps


def compare(first, second, matters):
    one, other = ({search["seed"]: search["auc"] for search in searches} for searches in (first, second))
    seeds = one.keys() & other.keys()
    budget = min(len(found[seed]) for found in (one, other) for seed in seeds)
    differences = [max(one[seed][:budget]) - max(other[seed][:budget]) for seed in seeds]
    middle = fmean(differences)
    heaps = [[max(found[seed][:budget]) for seed in seeds] for found in (one, other)]
    half = 2.1 * math.sqrt(sum(stdev(heap) ** 2 / len(heap) for heap in heaps))
    if -matters < middle - half and middle + half < matters:
        verdict = "same"
    elif middle - half > 0:
        verdict = "first"
    else:
        verdict = "second" if middle + half < 0 else "cannot tell"
    return {"difference": middle, "verdict": verdict}
