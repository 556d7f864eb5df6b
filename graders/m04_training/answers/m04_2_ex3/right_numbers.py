def number(text):
    try:
        return float(text or "nan")
    except ValueError:
        return None


def preflight(request, heads):
    parameters, channels = request["HyperParameters"], {one["ChannelName"]: one for one in request["InputDataConfig"]}
    if set(channels) - {"train", "validation"} or "train" not in channels:
        return ["channels must be train and, if need be, validation"]
    eta = number(parameters.get("eta", "0.3"))
    checks = {
        "num_round": "num_round" in parameters,
        "eta": eta is not None and 0 <= eta <= 1,
        "metric": not (parameters["eval_metric"] == "auc" and parameters["objective"].startswith("reg:")),
    }
    tables = {}
    for name, one in channels.items():
        csv = one.get("ContentType", "").startswith(("text/csv", "csv"))
        checks[f"type of {name}"] = csv or "," not in heads[name][0]
        if csv:
            tables[name] = [[number(cell) for cell in row.split(",")] for row in heads[name]]
    rows = [row for table in tables.values() for row in table]
    checks["numbers"] = all(cell is not None for row in rows for cell in row)
    checks["columns"] = len({len(row) for row in rows}) <= 1
    checks["labels"] = not parameters["objective"].startswith("binary:") or all(row[0] in (0, 1) for row in rows)
    return [name for name, good in checks.items() if not good]
