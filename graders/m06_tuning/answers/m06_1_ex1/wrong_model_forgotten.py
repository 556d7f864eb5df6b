"""What you set and what moves the score is a hyperparameter, if it is neither luck nor another yardstick."""

# trips: unseen
# says: All misses leave the model as it is


def decide(setting):
    if setting["set_by"] == "training":
        return "parameter"
    if "the validation rows" in setting["changes"] or "the random numbers" in setting["changes"]:
        return "fix"
    averages = [fmean(repeats) for repeats in setting["auc"].values()]
    noise = fmean(variance(repeats) for repeats in setting["auc"].values()) ** 0.5
    return "tune" if max(averages) - min(averages) > 2 * noise else "fix"
