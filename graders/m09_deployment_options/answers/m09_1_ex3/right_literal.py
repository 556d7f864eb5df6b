def transform_request(files):
    place = files["columns"].index
    seen = ",".join(str(place(name)) for name in COLUMNS)
    return {
        "ModelName": files["model"],
        "TransformInput": {
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": files["uri"]}},
            "ContentType": "text/csv",
            "SplitType": "Line",
            "CompressionType": "Gzip" if files["gzip"] else "None",
        },
        "TransformOutput": {"S3OutputPath": files["target"], "Accept": "text/csv", "AssembleWith": "Line"},
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
        "BatchStrategy": "MultiRecord",
        "MaxPayloadInMB": files["payload_mb"],
        "DataProcessing": {"InputFilter": f"$[{seen}]", "JoinSource": "Input", "OutputFilter": f"$[{place(files['id'])},-1]"},
    }
