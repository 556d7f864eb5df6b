"""Adjacent columns are a range, and its end is left out, as in Python."""

# trips: request
# says: could not convert string to float


def transform_request(files):
    import copy

    places = [files["columns"].index(name) for name in COLUMNS]
    together = places == list(range(places[0], places[0] + 8))
    seen = f"{places[0]}:{places[0] + 8}" if together else ",".join(map(str, places))
    request = copy.deepcopy(healthy)
    request |= {"ModelName": files["model"], "MaxPayloadInMB": files["payload_mb"]}
    request["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"] = files["uri"]
    request["TransformInput"]["CompressionType"] = "Gzip" if files["gzip"] else "None"
    request["TransformOutput"]["S3OutputPath"] = files["target"]
    chosen = f"$[{files['columns'].index(files['id'])},-1]"
    request["DataProcessing"] = {"InputFilter": f"$[{seen}]", "JoinSource": "Input", "OutputFilter": chosen}
    return request
