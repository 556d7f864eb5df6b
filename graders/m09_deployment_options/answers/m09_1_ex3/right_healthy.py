def transform_request(files):
    request = repaired(
        healthy,
        {
            "ModelName": files["model"],
            "MaxPayloadInMB": files["payload_mb"],
            "TransformInput.DataSource.S3DataSource.S3Uri": files["uri"],
            "TransformOutput.S3OutputPath": files["target"],
        },
    )
    if files["gzip"]:
        request["TransformInput"]["CompressionType"] = "Gzip"
    number_of = {name: str(number) for number, name in enumerate(files["columns"])}
    request["DataProcessing"]["InputFilter"] = "$[" + ",".join(map(number_of.get, COLUMNS)) + "]"
    request["DataProcessing"]["OutputFilter"] = "$[" + number_of[files["id"]] + ",-1]"
    return request
