"""A stopped job has run out of time."""

# trips: action
# says: which field says who stopped them


def triage(description, log):
    reason = description.get("FailureReason", "")
    if description["TrainingJobStatus"] == "Stopped":
        return {"action": "more time", "line": ""}
    if reason.startswith(("CapacityError", "InternalServerError")):
        return {"action": "send again", "line": ""}
    if reason.endswith("137"):
        return {"action": "more memory", "line": ""}
    lines = [line for line in log if re.match(r"[\w.]+Error: ", line)]
    return {
        "action": "mend the request" if re.search("yperparameter|etric|channel|ContentType|format", lines[-1]) else "mend the data",
        "line": lines[-1],
    }
