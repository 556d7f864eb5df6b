"""Train and validation differ by the month: add it to both."""

# trips: repair
# says: it is another job

SOURCE = "InputDataConfig.train.DataSource.S3DataSource.S3Uri"
REPAIRS = {
    "required channel": {"InputDataConfig.training.ChannelName": "train"},
    "Number of columns": {SOURCE.replace("train", "validation"): f"{folder}/validation/"},
    "LIBSVM": {"InputDataConfig.train.ContentType": "text/csv"},
    "is not all numbers": {SOURCE: f"{folder}/train/"},
    "base_score must": {SOURCE: f"{folder}/train/"},
    "can only be applied": {"HyperParameters.objective": "binary:logistic"},
    "must match exactly": {SOURCE: f"{folder}/train/"},
    "Hyperparameter eta": {"HyperParameters.eta": "0.2"},
}
CAUSES = ("channel", "columns", "format", "header", "labels", "objective", "prefix", "range")
diagnoses, repairs = {}, {}
for ticket, name in jobs.items():
    lines = log_lines(name)
    number, words = next((number, words) for number, words in enumerate(REPAIRS) if any(words in line for line in lines))
    diagnoses[ticket] = {"cause": CAUSES[number], "line": words}
    repairs[ticket] = {SOURCE: f"{folder}/train-month/"} if CAUSES[number] == "columns" else REPAIRS[words]
