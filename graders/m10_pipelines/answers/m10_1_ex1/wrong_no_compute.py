"""The SDK chooses where the training runs."""

# trips: steps
# says: the table says on what


def training_pipeline(name: str) -> str:
    rounds = ParameterInteger("Rounds", default_value=40)
    prepare = prepare_step()
    trainer = ModelTrainer(
        training_image=aws.image("xgboost", "3.0-5"),
        role=aws.role,
        hyperparameters={"objective": "binary:logistic", "eta": 0.15, "max_depth": 5, "num_round": rounds.to_string()},
        sagemaker_session=session,
    )
    rows = prepare.properties.ProcessingOutputConfig.Outputs["train"].S3Output.S3Uri
    channel = InputData(channel_name="train", data_source=rows, content_type="text/csv")
    train = TrainingStep("Train", step_args=trainer.train(input_data_config=[channel]))
    pipeline = Pipeline(name, parameters=[month, window, rounds], steps=[prepare, train], sagemaker_session=session)
    return pipeline.upsert(role_arn=aws.role)["PipelineArn"]
