def decide(setting):
    changes = set(setting["changes"])
    table = np.array([repeats for repeats in setting["auc"].values()])
    moves = np.ptp(table.mean(axis=1)) > 2 * np.sqrt(table.var(axis=1, ddof=1).mean())
    searchable = "the model" in changes and not changes & {"the validation rows", "the random numbers"}
    return "parameter" if setting["set_by"] != "you" else "tune" if searchable and moves else "fix"
