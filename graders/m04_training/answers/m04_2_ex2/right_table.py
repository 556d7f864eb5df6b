STARTS = {"CapacityError": "send again", "InternalServerError": "send again", "AlgorithmError: , exit code: 137": "more memory"}


def triage(description, log):
    if description["TrainingJobStatus"] == "Stopped":
        return {"action": {"MaxRuntimeExceeded": "more time"}.get(description["SecondaryStatus"], "leave"), "line": ""}
    for start_of_reason, action in STARTS.items():
        if description["FailureReason"].startswith(start_of_reason):
            return {"action": action, "line": ""}
    for line in reversed(log):
        name, colon, message = line.partition(": ")
        if colon and name.replace(".", "").isidentifier() and name.endswith("Error"):
            own = any(word in message.lower() for word in ("hyperparameter", "metric", "channel", "contenttype", "format"))
            return {"action": "mend the request" if own else "mend the data", "line": line}
