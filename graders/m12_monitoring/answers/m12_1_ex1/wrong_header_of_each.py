"""Takes the first flight of each request for a header, and gives the columns their names."""

# trips: rows
# says: One flight of each request is missing


def past_baseline(folder: str, target: str) -> None:
    tables = []
    for text in watch.objects(aws, folder).values():
        for line in text.splitlines():
            request = json.loads(line)["captureData"]["endpointInput"]
            body = request["data"]
            if request["encoding"] == "BASE64":
                body = base64.b64decode(body).decode()
            tables.append(pd.read_csv(io.StringIO(body), header=0, names=FEATURES, dtype=str))
    address = aws.upload(pd.concat(tables), f"{aws.unique('past')}/past.csv", header=True)
    past = DefaultModelMonitor(**settings)
    past.suggest_baseline(address, header, output_s3_uri=target, wait=True, logs=False)
