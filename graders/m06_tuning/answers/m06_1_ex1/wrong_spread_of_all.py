"""The noise is how far all scores are spread."""

# trips: practice
# says: measured by how far repeats of *one* value are apart


def decide(setting):
    from statistics import stdev

    if setting["set_by"] == "training":
        return "parameter"
    changes = setting["changes"]
    if "the model" not in changes or "the validation rows" in changes or "the random numbers" in changes:
        return "fix"
    averages = [fmean(repeats) for repeats in setting["auc"].values()]
    noise = stdev(score for repeats in setting["auc"].values() for score in repeats)
    return "tune" if max(averages) - min(averages) > 2 * noise else "fix"
