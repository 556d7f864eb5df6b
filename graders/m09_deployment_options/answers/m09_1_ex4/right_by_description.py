source, processing = "TransformInput.DataSource.S3DataSource.S3Uri", "DataProcessing"
files = f"{folder}/nights"


def faulty_field(request):
    """Cause, path and right value of what the description of a request says that it should not."""
    if "InputLocation" in request:
        if request["ContentType"] != "text/csv":
            return "type", "ContentType", "text/csv"
        return "key", "InputLocation", f"{files}/question/part-0.csv"
    uri, columns = request["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"], request[processing]["InputFilter"]
    if not uri.startswith(f"{files}/day/"):
        cause = {"packed": "gzip", "export": "header", "day": "prefix"}[uri.removeprefix(f"{files}/").rstrip("/")]
        return cause, source, f"{files}/day/part-"
    if request["TransformInput"]["SplitType"] != "Line":
        return "payload", "TransformInput.SplitType", "Line"
    if request["TransformOutput"]["AssembleWith"] != "Line":
        return "assemble", "TransformOutput.AssembleWith", "Line"
    if request[processing]["JoinSource"] != "Input":
        return "join", f"{processing}.JoinSource", "Input"
    if not columns.startswith("$[2"):
        return "columns" if columns in ("$", "$[0,2:9]") else "shift", f"{processing}.InputFilter", "$[2:]"
    return "output", f"{processing}.OutputFilter", "$[0,10]"


WORDS = {"columns": "string to float: 'flight-", "gzip": "codec can't decode byte", "header": "to float: 'weekday'"}
WORDS |= {"payload": "Too much data for max payload size", "key": "No S3 objects found", "type": "application/json is not an accepted"}
diagnoses, repairs = {}, {}
for night, request in requests.items():
    cause, path, right = faulty_field(request)
    shown = WORDS.get(cause)
    if shown is None:
        lines = {line.split(",")[0]: line for line in lines_of(aws, described[night]["TransformOutput"]["S3OutputPath"])}
        strange = [one for one in lines if one.startswith("before-")]
        shown = strange[0] if strange else next(one for one in answers if lines.get(one) != f"{one},{answers[one]}")
    diagnoses[night] = {"cause": cause, "evidence": shown}
    repairs[night] = {path: right}
