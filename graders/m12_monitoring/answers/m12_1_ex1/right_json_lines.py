def past_baseline(folder: str, target: str) -> None:
    s3, (bucket, prefix) = aws.client("s3"), folder.removeprefix("s3://").split("/", 1)
    records = []
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix.rstrip("/") + "/"):
        for each in page["Contents"]:
            for line in s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read().splitlines():
                sent = json.loads(line)["captureData"]["endpointInput"]
                body = base64.b64decode(sent["data"]).decode() if sent["encoding"] == "BASE64" else sent["data"]
                for row in body.splitlines():
                    numbers = [float(value) if value else None for value in row.split(",")]
                    records.append(json.dumps(dict(zip(FEATURES, numbers, strict=True))))
    key = f"{aws.prefix}/{aws.unique('lines')}/past.json"
    s3.put_object(Bucket=aws.bucket, Key=key, Body="\n".join(records).encode())
    DefaultModelMonitor(**settings).suggest_baseline(
        f"s3://{aws.bucket}/{key}", DatasetFormat.json(lines=True), output_s3_uri=target, wait=True, logs=False
    )
