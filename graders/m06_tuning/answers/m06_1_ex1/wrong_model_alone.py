"""A hyperparameter changes the model and nothing else."""

# trips: unseen
# says: What else it changes does no harm


def decide(setting):
    if setting["set_by"] == "training":
        return "parameter"
    if setting["changes"] != ["the model"]:
        return "fix"
    averages = [fmean(repeats) for repeats in setting["auc"].values()]
    noise = fmean(variance(repeats) for repeats in setting["auc"].values()) ** 0.5
    return "tune" if max(averages) - min(averages) > 2 * noise else "fix"
