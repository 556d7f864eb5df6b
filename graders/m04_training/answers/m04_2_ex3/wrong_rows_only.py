"""Only the data can be wrong; the request worked last week."""

# trips: guard
# says: What you never catch stands in the request


def preflight(request, heads):
    why = []
    if request["HyperParameters"]["objective"].startswith("reg:"):
        return why
    widths = set()
    for one in request["InputDataConfig"]:
        if one.get("ContentType", "").startswith("text/libsvm"):
            continue
        for row in heads[one["ChannelName"]]:
            cells = row.split(",")
            widths.add(len(cells))
            if re.search("[a-z]", row):
                why.append("words")
            elif cells[0] not in ("0", "1"):
                why.append("labels")
    return why + ["columns"] * (len(widths) > 1)
