"""Replace all that could be wrong by what the healthy request has."""

# trips: repair
# says: more than the fault

diagnoses = {ticket: {"cause": "range", "line": "Reporting training FAILURE"} for ticket in jobs}
repairs = {}
for ticket, request in requests.items():
    channels = [one["ChannelName"] for one in request["InputDataConfig"]]
    repairs[ticket] = {"HyperParameters.objective": "binary:logistic", "HyperParameters.eta": "0.2"}
    for name, right in zip(channels, ("train", "validation"), strict=True):
        path = f"InputDataConfig.{name}"
        repairs[ticket] |= {
            f"{path}.ContentType": "text/csv",
            f"{path}.DataSource.S3DataSource.S3Uri": f"{folder}/{right}/",
            f"{path}.ChannelName": right,
        }
