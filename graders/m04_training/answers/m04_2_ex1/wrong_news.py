"""What the job reports before it fails is evidence, too."""

# trips: evidence
# says: after your repair: it shows no fault

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
    diagnoses[ticket] = {
        "cause": CAUSES[number],
        "line": next((line for line in reversed(lines) if " matrix has " in line or "delimiter" in line), lines[1])[26:],
    }
    repairs[ticket] = REPAIRS[words]
