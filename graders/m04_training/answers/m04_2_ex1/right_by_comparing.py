def differences(one, two, path=()):
    if isinstance(one, dict):
        for key in one:
            yield from differences(one[key], two[key], (*path, key))
    elif isinstance(one, list):
        for first, second in zip(one, two, strict=True):
            yield from differences(first, second, (*path, first["ChannelName"]))
    elif one != two:
        yield ".".join(path), two


ENDINGS = {"training": "channel", "month/": "columns", "libsvm": "format", "export/": "header"}
ENDINGS |= {"miles/": "labels", "squarederror": "objective", "data/train": "prefix", "20": "range"}
diagnoses, repairs = {}, {}
for ticket, request in requests.items():
    repairs[ticket] = dict(differences(request, healthy))
    [(given, _)] = differences(healthy, request)
    value = dict(differences(healthy, request))[given]
    cause = next(cause for ending, cause in ENDINGS.items() if value.endswith(ending))
    signs = {
        "header": "is not all numbers",
        "columns": "Number of columns",
        "labels": "base_score must be in",
        "prefix": "must match exactly",
    }
    exception = [line for line in log_lines(jobs[ticket]) if re.match(r"[\w.]+Error: ", line)][-1]
    diagnoses[ticket] = {"cause": cause, "line": signs.get(cause, exception.partition("Error: ")[2])}
