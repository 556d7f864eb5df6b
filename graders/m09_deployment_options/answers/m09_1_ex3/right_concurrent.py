def transform_request(files):
    wanted = [place for place, name in enumerate(files["columns"]) if name in COLUMNS]
    request = {"ModelName": files["model"], "MaxPayloadInMB": files["payload_mb"], "MaxConcurrentTransforms": 2}
    request["TransformInput"] = dict(
        DataSource={"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": files["uri"]}},
        ContentType="text/csv",
        SplitType="Line",
    )
    if files["gzip"]:
        request["TransformInput"]["CompressionType"] = "Gzip"
    request["TransformOutput"] = {"S3OutputPath": files["target"].rstrip("/"), "AssembleWith": "Line", "Accept": "text/csv"}
    request["TransformResources"] = {"InstanceType": "ml.m5.large", "InstanceCount": 1}
    request["DataProcessing"] = {"JoinSource": "Input", "InputFilter": f"${wanted}".replace(" ", "")}
    request["DataProcessing"]["OutputFilter"] = f"$[{files['columns'].index(files['id'])},{len(files['columns'])}]"
    return request
