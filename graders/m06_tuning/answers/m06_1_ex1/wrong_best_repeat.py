"""The best run counts: compare the highest score with the lowest one."""

# trips: practice
# says: do its averages differ by more than repeats of the same value do?


def decide(setting):
    if setting["set_by"] == "training":
        return "parameter"
    changes = setting["changes"]
    if "the model" not in changes or "the validation rows" in changes or "the random numbers" in changes:
        return "fix"
    runs = [score for repeats in setting["auc"].values() for score in repeats]
    noise = fmean(variance(repeats) for repeats in setting["auc"].values()) ** 0.5
    return "tune" if max(runs) - min(runs) > 2 * noise else "fix"
