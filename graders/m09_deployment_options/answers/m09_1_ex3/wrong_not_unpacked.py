"""The files are as before: text."""

# trips: request
# says: codec can't decode


def transform_request(files):
    place = files["columns"].index
    seen = ",".join(str(place(name)) for name in COLUMNS)
    request = copy_of(healthy)
    request |= {"ModelName": files["model"], "MaxPayloadInMB": files["payload_mb"]}
    request["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"] = files["uri"]
    request["TransformOutput"]["S3OutputPath"] = files["target"]
    request["DataProcessing"] = {"InputFilter": f"$[{seen}]", "JoinSource": "Input", "OutputFilter": f"$[{place(files['id'])},-1]"}
    return request


def copy_of(request):
    import copy

    return copy.deepcopy(request)
