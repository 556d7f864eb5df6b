"""Everything that moves the score is worth a search, whoever sets it."""

# trips: unseen
# says: where does your rule use `set_by`?


def decide(setting):
    changes = setting["changes"]
    if "the model" not in changes or "the validation rows" in changes or "the random numbers" in changes:
        return "fix"
    averages = [fmean(repeats) for repeats in setting["auc"].values()]
    noise = fmean(variance(repeats) for repeats in setting["auc"].values()) ** 0.5
    return "tune" if max(averages) - min(averages) > 2 * noise else "fix"
