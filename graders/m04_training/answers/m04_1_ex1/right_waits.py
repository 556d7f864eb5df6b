def training_request(name, train, validation, rounds):
    settings = {"num_round": rounds, "objective": "binary:logistic", "eval_metric": "auc", "eta": 0.1}
    where = {"sagemaker_session": Session(default_bucket=aws.bucket), "role": aws.role}
    job = ModelTrainer(training_image=image, base_job_name=name, hyperparameters=settings, **where)
    job.compute = configs.Compute(instance_type="ml.m5.large", instance_count=1)
    job.train(
        [
            configs.InputData(channel_name="validation", data_source=validation, content_type="csv"),
            configs.InputData(channel_name="train", data_source=train, content_type="csv"),
        ]
    )
