"""What is wrong with a request stands in the request."""

# trips: guard
# says: What you never catch shows in the rows


def preflight(request, heads):
    settings, channels = request["HyperParameters"], request["InputDataConfig"]
    why = [f"no channel is called {one['ChannelName']}" for one in channels if one["ChannelName"] not in ("train", "validation")]
    why += ["a channel without a type" for one in channels if "ContentType" not in one]
    if "num_round" not in settings:
        why.append("num_round is missing")
    if not re.fullmatch(r"0|1|1\.0|0?\.\d+", settings["eta"]):
        why.append("eta is not from 0 to 1")
    if settings["eval_metric"] == "auc" and settings["objective"].startswith("reg:"):
        why.append("no AUC for a regression")
    return why
