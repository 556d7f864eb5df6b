import numpy as np


def compare(first, second, matters):
    mine = {search["seed"]: search["auc"] for search in first}
    theirs = {search["seed"]: search["auc"] for search in second}
    shared = sorted(set(mine) & set(theirs))
    jobs = min(min(len(mine[seed]), len(theirs[seed])) for seed in shared)
    differences = np.array([max(mine[seed][:jobs]) - max(theirs[seed][:jobs]) for seed in shared])
    drawn = np.random.default_rng(0).choice(differences, (4000, len(differences))).mean(axis=1)
    middle = float(differences.mean())
    low, high = middle + 1.1 * (np.quantile(drawn, [0.025, 0.975]) - middle)
    verdict = "cannot tell"
    if low > 0:
        verdict = "first"
    if high < 0:
        verdict = "second"
    if -matters < low and high < matters:
        verdict = "same"
    return {"difference": middle, "verdict": verdict}
