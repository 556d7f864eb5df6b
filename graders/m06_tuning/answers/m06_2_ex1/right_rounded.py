def compare(first, second, matters):
    one, other = ({search["seed"]: search["auc"] for search in searches} for searches in (first, second))
    both = sorted(set(one) & set(other))
    jobs = min(len(found[seed]) for seed in both for found in (one, other))
    gaps = np.array([max(one[seed][:jobs]) - max(other[seed][:jobs]) for seed in both])
    mean, half = gaps.mean(), 2.1 * gaps.std(ddof=1) / np.sqrt(len(gaps))
    low, high = mean - half, mean + half
    verdict = "cannot tell"
    if max(-low, high) < matters:
        verdict = "same"
    elif low > 0 or high < 0:
        verdict = "first" if mean > 0 else "second"
    return {"difference": round(float(mean), 4), "verdict": verdict}
