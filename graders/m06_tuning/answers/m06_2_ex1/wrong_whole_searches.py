"""A strategy is as good as the best it found, in whatever search."""

# trips: difference
# says: had both strategies the same number of jobs


def compare(first, second, matters):
    bests = [[max(search["auc"]) for search in searches] for searches in (first, second)]
    middle = fmean(bests[0]) - fmean(bests[1])
    half = 2.1 * math.sqrt(sum(stdev(best) ** 2 / len(best) for best in bests))
    if -matters < middle - half and middle + half < matters:
        verdict = "same"
    elif middle - half > 0:
        verdict = "first"
    else:
        verdict = "second" if middle + half < 0 else "cannot tell"
    return {"difference": middle, "verdict": verdict}
