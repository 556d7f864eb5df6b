QUESTIONS = (
    (lambda job, _: job["SecondaryStatus"] == "MaxRuntimeExceeded", "more time"),
    (lambda job, _: job["TrainingJobStatus"] == "Stopped", "leave"),
    (lambda job, _: re.match("(Capacity|InternalServer)Error", job["FailureReason"]), "send again"),
    (lambda job, _: job["FailureReason"].endswith("exit code: 137"), "more memory"),
    (lambda _, line: re.search("hyperparameter|metric|channel|contenttype|format", line, re.IGNORECASE), "mend the request"),
    (lambda *_: True, "mend the data"),
)


def triage(description, log):
    lines = re.findall(r"^[\w.]+Error: .*$", "\n".join(log), re.MULTILINE)
    line = lines[-1] if lines else ""
    return {"action": next(action for asks, action in QUESTIONS if asks(description, line)), "line": line}
