import pandas as pd
from scipy import stats


def compare(first, second, matters):
    table = pd.DataFrame(
        {name: pd.Series({one["seed"]: one["auc"] for one in several}) for name, several in (("first", first), ("second", second))}
    ).dropna()
    budget = table.map(len).min().min()
    bests = table.map(lambda aucs: max(aucs[:budget]))
    difference = bests["first"] - bests["second"]
    half = stats.t.ppf(0.975, len(difference) - 1) * difference.sem()
    low, high = difference.mean() - half, difference.mean() + half
    if low > -matters and high < matters:
        verdict = "same"
    elif low > 0:
        verdict = "first"
    elif high < 0:
        verdict = "second"
    else:
        verdict = "cannot tell"
    return {"difference": float(difference.mean()), "verdict": verdict}
