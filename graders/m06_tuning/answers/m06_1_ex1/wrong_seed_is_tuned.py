"""The seed moves the score, so it is worth a search."""

# trips: unseen
# says: what would the best of its values be worth on the next data?


def decide(setting):
    if setting["set_by"] == "training":
        return "parameter"
    changes = setting["changes"]
    if "the model" not in changes or "the validation rows" in changes:
        return "fix"
    averages = [fmean(repeats) for repeats in setting["auc"].values()]
    noise = fmean(variance(repeats) for repeats in setting["auc"].values()) ** 0.5
    return "tune" if max(averages) - min(averages) > 2 * noise else "fix"
