"""The name of the folder as a prefix also lists another endpoint's folder."""

# trips: rows
# says: also read the folder of another endpoint


def past_baseline(folder: str, target: str) -> None:
    tables = []
    for text in objects_from(folder):
        for line in text.splitlines():
            request = json.loads(line)["captureData"]["endpointInput"]
            body = request["data"]
            if request["encoding"] == "BASE64":
                body = base64.b64decode(body).decode()
            tables.append(pd.read_csv(io.StringIO(body), header=None, names=FEATURES, dtype=str))
    address = aws.upload(pd.concat(tables), f"{aws.unique('past')}/past.csv", header=True)
    past = DefaultModelMonitor(**settings)
    past.suggest_baseline(address, header, output_s3_uri=target, wait=True, logs=False)


def objects_from(folder: str) -> list:
    s3, (bucket, prefix) = aws.client("s3"), folder.removeprefix("s3://").split("/", 1)
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]
    return [s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read().decode() for each in listed]
