TRAIN, VALIDATION = (f"InputDataConfig.{name}.DataSource.S3DataSource.S3Uri" for name in ("train", "validation"))


def judged(request, lines):
    first, second = request["InputDataConfig"]
    source, other = (one["DataSource"]["S3DataSource"]["S3Uri"].removeprefix(folder) for one in (first, second))
    match (first["ChannelName"], first["ContentType"], source, other, request["HyperParameters"]):
        case ("training", *_):
            return "channel", "required channel: train", {"InputDataConfig.training.ChannelName": "train"}
        case (_, "text/libsvm", *_):
            return "format", "not 'LIBSVM' format", {"InputDataConfig.train.ContentType": "csv"}
        case (_, _, "/export/", *_):
            return "header", "'late,weekday,hour", {TRAIN: f"{folder}/train/"}
        case (_, _, "/miles/", *_):
            return "labels", "base_score must be in (0,1)", {TRAIN: f"{folder}/train/"}
        case (_, _, "/train", *_):
            return "prefix", "must match exactly", {TRAIN: f"{folder}/train/"}
        case (_, _, _, "/validation-month/", _):
            return "columns", next(line for line in lines if "Validation matrix has" in line)[-40:], {VALIDATION: f"{folder}/validation/"}
        case (*_, {"eta": "20"}):
            return "range", "Hyperparameter eta", {"HyperParameters.eta": "0.1"}
    return "objective", "can only be applied for classification", {"HyperParameters.objective": "binary:logistic"}


diagnoses, repairs = {}, {}
for ticket, request in requests.items():
    cause, line, repairs[ticket] = judged(request, log_lines(jobs[ticket]))
    diagnoses[ticket] = {"cause": cause, "line": line}
