def write_labels(predictions: pd.DataFrame, messages: pd.DataFrame, folder: str) -> None:
    bucket, prefix = folder.removeprefix("s3://").split("/", 1)
    newest, files = {}, {}
    for message in messages.to_dict("records"):
        if message["flight"] not in newest or message["sent"] >= newest[message["flight"]]["sent"]:
            newest[message["flight"]] = message
    for identity, flight in zip(predictions.inference_id, predictions.flight, strict=True):
        message = newest.get(flight)
        if message and message["status"] == "landed":
            hour = message["sent"][:13].replace("-", "/").replace("T", "/")
            truth = {"data": str(int(message["delay"] > 15)), "encoding": "CSV"}
            record = {"groundTruthData": truth, "eventMetadata": {"eventId": identity}, "eventVersion": "0"}
            files.setdefault(f"{prefix}/{hour}/of-this-hour.jsonl", []).append(json.dumps(record) + "\n")
    for each in s3.list_objects_v2(Bucket=bucket, Prefix=f"{prefix}/").get("Contents", []):
        if each["Key"] not in files:
            s3.delete_object(Bucket=bucket, Key=each["Key"])
    for key, lines in files.items():
        s3.put_object(Bucket=bucket, Key=key, Body="".join(lines).encode())
