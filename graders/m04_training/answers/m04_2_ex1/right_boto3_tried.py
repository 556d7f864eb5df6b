CAUSES = {
    "Missing required channel": "channel",
    "Validation matrix has 1000 rows and 12 columns": "columns",
    "'LIBSVM' format": "format",
    "late,weekday": "header",
    "for logistic loss": "labels",
    "can only be applied for classification": "objective",
    "concatenation axis must match exactly": "prefix",
    "eta: 20.0 is not": "range",
}
SOURCE = "InputDataConfig.train.DataSource.S3DataSource.S3Uri"
REPAIRS = {cause: {SOURCE: f"{folder}/train/"} for cause in ("header", "labels", "prefix")} | {
    "channel": {"InputDataConfig.training.ChannelName": "train"},
    "columns": {SOURCE.replace("train", "validation"): f"{folder}/validation/part-0.csv"},
    "format": {"InputDataConfig.train.ContentType": "text/csv; label_size=1"},
    "objective": {"HyperParameters.objective": "binary:logistic"},
    "range": {"HyperParameters.eta": "0.3"},
}
diagnoses, repairs = {}, {}
for ticket, name in jobs.items():
    words = next(words for words in CAUSES if any(words in line for line in log_lines(name)))
    diagnoses[ticket] = {"cause": CAUSES[words], "line": words}
    repairs[ticket] = REPAIRS[CAUSES[words]]
    assert wait(start(ticket, repaired(requests[ticket], repairs[ticket])))["TrainingJobStatus"] == "Completed"
