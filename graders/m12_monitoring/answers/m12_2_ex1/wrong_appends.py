"""Each call adds a file of its own."""

# trips: once
# says: more than one line


def write_labels(predictions: pd.DataFrame, messages: pd.DataFrame, folder: str) -> None:
    bucket, _, prefix = folder.removeprefix("s3://").partition("/")
    newest = messages.sort_values("sent").drop_duplicates("flight", keep="last")
    rows = predictions.merge(newest[newest.status == "landed"], on="flight")
    hours = pd.to_datetime(rows.sent).dt.strftime("%Y/%m/%d/%H")
    for hour, some in rows.groupby(hours):
        outcomes = (some.delay > 15).astype(int).astype(str)
        lines = [label(identity, outcome) for identity, outcome in zip(some.inference_id, outcomes, strict=True)]
        s3.put_object(Bucket=bucket, Key=f"{prefix}/{hour}/{len(messages)}.jsonl", Body="\n".join(lines).encode())
