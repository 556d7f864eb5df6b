"""What changes the model and moves the score is a hyperparameter."""

# trips: unseen
# says: All misses change more than the model


def decide(setting):
    if setting["set_by"] == "training":
        return "parameter"
    averages = [fmean(repeats) for repeats in setting["auc"].values()]
    noise = fmean(variance(repeats) for repeats in setting["auc"].values()) ** 0.5
    return "tune" if "the model" in setting["changes"] and max(averages) - min(averages) > 2 * noise else "fix"
