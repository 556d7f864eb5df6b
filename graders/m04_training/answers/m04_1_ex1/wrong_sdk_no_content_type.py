"""InputData asks for a name and a place; its other fields look optional."""

# trips: channels
# says: take the file for LIBSVM


def training_request(name, train, validation, rounds):
    one = ModelTrainer(
        training_image=image,
        role=aws.role,
        base_job_name=name,
        compute=configs.Compute(instance_type="ml.m5.large", instance_count=1),
        hyperparameters={"objective": "binary:logistic", "eval_metric": "auc", "num_round": rounds},
        sagemaker_session=Session(default_bucket=aws.bucket),
    )
    data = [configs.InputData(channel_name=part, data_source=uri) for part, uri in (("train", train), ("validation", validation))]
    one.train(input_data_config=data, wait=False, logs=False)
