"""A hundredth of AUC is worth a search, whatever the repeats do."""

# trips: unseen
# says: All misses hang on the scores


def decide(setting):
    if setting["set_by"] == "training":
        return "parameter"
    changes = setting["changes"]
    if "the model" not in changes or "the validation rows" in changes or "the random numbers" in changes:
        return "fix"
    averages = [fmean(repeats) for repeats in setting["auc"].values()]
    return "tune" if max(averages) - min(averages) > 0.01 else "fix"
