def training_request(name, train, validation, rounds):
    request = base_request(name, [], {})
    request["InputDataConfig"] = [
        {
            "ChannelName": role,
            "ContentType": "csv",
            "InputMode": "File",
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri, "S3DataDistributionType": "FullyReplicated"}},
        }
        for role, uri in {"validation": validation, "train": train}.items()
    ]
    request["HyperParameters"] = {"objective": "binary:logistic", "eval_metric": "auc", "num_round": f"{rounds}"}
    return request
