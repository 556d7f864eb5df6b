"""Join puts the slash between folder and name itself."""

# trips: together
# says: not in the folder of its execution


def raw_pipeline(name: str, group: str) -> str:
    rows, base, sklearn = ParameterString("Rows"), "/opt/ml/processing", aws.image("sklearn", "1.2-1")
    arguments = processor(sklearn).run(
        code="given/fit.py",
        inputs=[processing_input("rows", rows, f"{base}/input"), processing_input("lib", f"{folder}/lib", f"{base}/lib")],
        outputs=[processing_output(each, f"{base}/{each}", Join(values=[here, each])) for each in ("train", "transform")],
    )
    fit = ProcessingStep("Fit", step_args=arguments)
    made = fit.properties.ProcessingOutputConfig.Outputs
    train = train_step(aws, session, made["train"].S3Output.S3Uri)
    archive = Join(on="", values=[made["transform"].S3Output.S3Uri, "/model.tar.gz"])
    parts = [
        container_of(sklearn, archive, **serving),
        container_of(image, train.properties.ModelArtifacts.S3ModelArtifacts),
    ]
    pipeline = Pipeline(name, parameters=[rows], steps=[fit, train, register_step(parts, group)], sagemaker_session=session)
    return pipeline.upsert(role_arn=aws.role)["PipelineArn"]
