"""If the first row of each channel is in order, so is the rest."""

# trips: guard
# says: for a request with a label of another kind


def preflight(request, heads):
    settings, why, widths = request["HyperParameters"], [], set()
    binary = settings["objective"].startswith("binary:")
    for one in request["InputDataConfig"]:
        name, form, row = one["ChannelName"], one.get("ContentType", ""), heads[one["ChannelName"]][0]
        if name not in ("train", "validation"):
            why.append("channel")
        elif "csv" in form:
            widths.add(row.count(","))
            if re.search("[a-z]", row) or (binary and row.split(",")[0] not in ("0", "1")):
                why.append("first row")
        elif not form or "," in row:
            why.append("type")
    if re.search("[a-z]", settings["eta"]) or not 0 <= float(settings["eta"]) <= 1 or "num_round" not in settings:
        why.append("hyperparameters")
    return why + ["columns"] * (len(widths) > 1) + ["metric"] * (settings["eval_metric"] == "auc" and not binary)
