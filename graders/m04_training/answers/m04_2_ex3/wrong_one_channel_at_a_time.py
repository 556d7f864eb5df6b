"""Each channel is looked at by itself."""

# trips: guard
# says: whose channels differ in columns


def preflight(request, heads):
    settings, why = request["HyperParameters"], []
    channels = {one["ChannelName"]: one.get("ContentType", "") for one in request["InputDataConfig"]}
    why += [f"no channel is called {name}" for name in channels if name not in ("train", "validation")]
    for name, form in channels.items():
        if form.split(";")[0] not in ("text/csv", "csv"):
            why += ["type"] * ("," in heads[name][0])
            continue
        rows = [row.split(",") for row in heads[name]]
        why += ["columns"] * (len({len(row) for row in rows}) > 1)
        words = re.search("[a-z]", "".join(heads[name]))
        why += ["words"] * bool(words)
        if settings["objective"].startswith("binary:") and any(row[0] not in ("0", "1") for row in rows):
            why.append("labels")
    why += ["rounds"] * ("num_round" not in settings)
    why += ["eta"] * (not re.fullmatch(r"0|1|1\.0|0?\.\d+", settings["eta"]))
    return why + ["metric"] * (settings["eval_metric"] == "auc" and settings["objective"].startswith("reg:"))
