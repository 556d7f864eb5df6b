"""The files go to the place that the SDK chooses."""

# trips: files
# says: has no statistics.json


def past_baseline(folder: str, target: str) -> None:
    tables = []
    for text in watch.objects(aws, folder).values():
        for line in text.splitlines():
            request = json.loads(line)["captureData"]["endpointInput"]
            body = request["data"]
            if request["encoding"] == "BASE64":
                body = base64.b64decode(body).decode()
            tables.append(pd.read_csv(io.StringIO(body), header=None, names=FEATURES, dtype=str))
    address = aws.upload(pd.concat(tables), f"{aws.unique('past')}/past.csv", header=True)
    past = DefaultModelMonitor(**settings)
    past.suggest_baseline(address, header, wait=True, logs=False)
