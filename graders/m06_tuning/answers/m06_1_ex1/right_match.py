from statistics import mean, pstdev


def decide(setting):
    allowed = {"the model", "the time it takes", "what is printed"}
    match setting["set_by"], set(setting["changes"]):
        case "training", _:
            return "parameter"
        case _, changes if "the model" in changes and changes <= allowed:
            averages = sorted(mean(repeats) for repeats in setting["auc"].values())
            spread = mean(pstdev(repeats) ** 2 * len(repeats) / (len(repeats) - 1) for repeats in setting["auc"].values())
            return "tune" if averages[-1] - averages[0] > 2 * spread**0.5 else "fix"
    return "fix"
