"""All rows of a channel are like its first one, where columns are concerned."""

# trips: guard
# says: What you never catch shows in the rows


def preflight(request, heads):
    settings, why, widths = request["HyperParameters"], [], set()
    channels = {one["ChannelName"]: one.get("ContentType", "") for one in request["InputDataConfig"]}
    why += [f"no channel is called {name}" for name in channels if name not in ("train", "validation")]
    for name, form in channels.items():
        if form.split(";")[0] not in ("text/csv", "csv"):
            why += ["type"] * ("," in heads[name][0])
            continue
        rows = [row.split(",") for row in heads[name]]
        widths.add(len(rows[0]))
        words = re.search("[a-z]", "".join(heads[name]))
        why += ["words"] * bool(words)
        if settings["objective"].startswith("binary:") and any(row[0] not in ("0", "1") for row in rows):
            why.append("labels")
    why += ["columns"] * (len(widths) > 1) + ["rounds"] * ("num_round" not in settings)
    why += ["eta"] * (not re.fullmatch(r"0|1|1\.0|0?\.\d+", settings["eta"]))
    return why + ["metric"] * (settings["eval_metric"] == "auc" and settings["objective"].startswith("reg:"))
