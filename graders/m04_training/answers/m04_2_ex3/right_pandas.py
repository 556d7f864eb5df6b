import io


def frame(rows):
    return pd.read_csv(io.StringIO("\n".join(rows)), header=None, dtype=str, names=range(max(row.count(",") for row in rows) + 1))


def preflight(request, heads):
    settings, why = request["HyperParameters"], []
    types = pd.Series({one["ChannelName"]: one.get("ContentType", "none").partition(";")[0] for one in request["InputDataConfig"]})
    if strange := set(types.index) - {"train", "validation"}:
        why.append(f"no channel is called {strange}")
    csv = types.isin(["csv", "text/csv"])
    for name in types.index[~csv]:
        if types[name] == "none" or any("," in row for row in heads[name]):
            why.append(f"{name} is no {types[name]}")
    widths = {row.count(",") for name in types.index[csv] for row in heads[name]}
    if len(widths) > 1:
        why.append(f"rows with {widths} commas")
    for name in types.index[csv]:
        cells = frame(heads[name]).replace(r"^\s*$", None, regex=True)
        numbers = cells.apply(pd.to_numeric, errors="coerce")
        if (cells.notna() & numbers.isna()).any(axis=None):
            why.append(f"{name} holds words")
        elif settings["objective"].startswith("binary:") and not numbers[0].isin([0, 1]).all():
            why.append(f"{name} has other labels than 0 and 1")
    eta = pd.to_numeric(settings.get("eta", "0.3"), errors="coerce")
    why += ["eta"] * (not 0 <= eta <= 1) + ["num_round"] * ("num_round" not in settings)
    return why + ["auc of a regression"] * (settings["eval_metric"] == "auc" and settings["objective"].startswith("reg:"))
