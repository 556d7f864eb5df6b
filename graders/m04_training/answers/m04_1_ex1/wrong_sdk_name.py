"""The SDK chooses a name by itself."""

# trips: request
# says: Without `base_job_name=name`


def training_request(name, train, validation, rounds):
    csv = {"content_type": "text/csv"}
    channels = [configs.InputData(channel_name="train", data_source=train, **csv)]
    channels.append(configs.InputData(channel_name="validation", data_source=validation, **csv))
    computer = configs.Compute(instance_type="ml.m5.large", instance_count=1)
    learning = {"num_round": rounds, "eval_metric": "auc", "objective": "binary:logistic"}
    session = Session(default_bucket=aws.bucket)
    unnamed = ModelTrainer(training_image=image, role=aws.role, compute=computer, hyperparameters=learning, sagemaker_session=session)
    unnamed.train(input_data_config=channels, wait=False, logs=False)
