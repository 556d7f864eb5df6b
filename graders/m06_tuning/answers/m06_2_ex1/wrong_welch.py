"""Two strategies are two samples, as in Welch's test."""

# trips: verdict
# says: does your interval hold pairs, or two heaps


def compare(first, second, matters):
    budget = min(len(search["auc"]) for search in first + second)
    bests = [[max(search["auc"][:budget]) for search in searches] for searches in (first, second)]
    middle = fmean(bests[0]) - fmean(bests[1])
    half = 2.1 * math.sqrt(sum(stdev(best) ** 2 / len(best) for best in bests))
    if -matters < middle - half and middle + half < matters:
        verdict = "same"
    elif middle - half > 0:
        verdict = "first"
    else:
        verdict = "second" if middle + half < 0 else "cannot tell"
    return {"difference": middle, "verdict": verdict}
