"""The id is the first column, as in the example."""

# trips: rows
# says: No line has the two fields


def transform_request(files):
    place = files["columns"].index
    seen = ",".join(str(place(name)) for name in COLUMNS)
    request = copy_of(healthy)
    request |= {"ModelName": files["model"], "MaxPayloadInMB": files["payload_mb"]}
    request["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"] = files["uri"]
    request["TransformInput"]["CompressionType"] = "Gzip" if files["gzip"] else "None"
    request["TransformOutput"]["S3OutputPath"] = files["target"]
    request["DataProcessing"] = {"InputFilter": f"$[{seen}]", "JoinSource": "Input", "OutputFilter": f"$[{place(files['id'])},-1]"}
    request["DataProcessing"]["OutputFilter"] = "$[0,-1]"
    return request


def copy_of(request):
    import copy

    return copy.deepcopy(request)
