def write_labels(predictions: pd.DataFrame, messages: pd.DataFrame, folder: str) -> None:
    """Each hour in which a message came has a file, which may be empty. So nothing needs to be deleted."""
    bucket, _, prefix = folder.removeprefix("s3://").partition("/")
    at = messages.sent.str[:13].str.replace("-", "/").str.replace("T", "/")
    newest = messages.assign(hour=at).sort_values("sent").groupby("flight").tail(1)
    known = newest[newest.status.eq("landed")].set_index("flight")
    rows = predictions[predictions.flight.isin(known.index)]
    rows = rows.assign(hour=rows.flight.map(known.hour), late=rows.flight.map(known.delay).gt(15))
    for hour in at.unique():
        some = rows[rows.hour == hour]
        lines = [label(identity, "1" if late else "0") for identity, late in zip(some.inference_id, some.late, strict=True)]
        s3.put_object(Bucket=bucket, Key=f"{prefix}/{hour}/labels.jsonl", Body="\n".join(lines).encode())
