"""Does not decode what is in base 64."""

# trips: rows
# says: decoded as its `encoding` says


def past_baseline(folder: str, target: str) -> None:
    tables = []
    for text in watch.objects(aws, folder).values():
        for line in text.splitlines():
            request = json.loads(line)["captureData"]["endpointInput"]
            body = request["data"]
            tables.append(pd.read_csv(io.StringIO(body), header=None, names=FEATURES, dtype=str))
    address = aws.upload(pd.concat(tables), f"{aws.unique('past')}/past.csv", header=True)
    past = DefaultModelMonitor(**settings)
    past.suggest_baseline(address, header, output_s3_uri=target, wait=True, logs=False)
