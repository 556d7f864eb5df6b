"""The first word of the table that fits the message will be the cause."""

# trips: cause
# says: What is wrong with that?
# says: Do the two go together?

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
GUESSES = ("prefix", "labels", "header", "columns", "range", "range", "columns", "objective")
diagnoses, repairs = {}, {}
for ticket, name in jobs.items():
    lines = log_lines(name)
    number, words = next((number, words) for number, words in enumerate(REPAIRS) if any(words in line for line in lines))
    diagnoses[ticket], repairs[ticket] = {"cause": GUESSES[number], "line": words}, REPAIRS[words]
