"""The first exception is where it all began."""

# trips: line
# says: What comes after


def triage(description, log):
    reason = description.get("FailureReason", "")
    if description["TrainingJobStatus"] == "Stopped":
        return {"action": "more time" if description["SecondaryStatus"] == "MaxRuntimeExceeded" else "leave", "line": ""}
    if reason.startswith(("CapacityError", "InternalServerError")):
        return {"action": "send again", "line": ""}
    if reason.endswith("137"):
        return {"action": "more memory", "line": ""}
    lines = [line for line in log if re.match(r"[\w.]+Error: ", line)]
    return {
        "action": "mend the request" if re.search("yperparameter|etric|channel|ContentType|format", lines[0]) else "mend the data",
        "line": lines[0],
    }
