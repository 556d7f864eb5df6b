"""If the log says hyperparameter anywhere, a hyperparameter is wrong."""

# trips: action
# says: what is the last exception of its log about?


def triage(description, log):
    reason = description.get("FailureReason", "")
    if description["TrainingJobStatus"] == "Stopped":
        return {"action": "more time" if description["SecondaryStatus"] == "MaxRuntimeExceeded" else "leave", "line": ""}
    if reason.startswith(("CapacityError", "InternalServerError")):
        return {"action": "send again", "line": ""}
    if reason.endswith("137"):
        return {"action": "more memory", "line": ""}
    lines = [line for line in log if re.match(r"[\w.]+Error: ", line)]
    own = re.search("hyperparameter|metric|channel|contenttype|format", "\n".join(log).lower())
    return {"action": "mend the request" if own else "mend the data", "line": lines[-1]}
