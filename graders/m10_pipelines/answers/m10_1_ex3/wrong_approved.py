"""The package is approved at once."""

# trips: package
# says: who has looked at it


def release_pipeline(name: str, group: str) -> str:
    new, old = measured("new.dollars"), measured("live.dollars")
    message = Join(on=" ", values=["The new model costs", new, "dollars a flight, the live one", old])
    gate = ConditionStep(
        "Better",
        conditions=[ConditionLessThan(left=new, right=old)],
        if_steps=[
            ModelStep(
                "Register",
                step_args=ModelBuilder(model=[container_of(image, model)], role_arn=aws.role, sagemaker_session=session).register(
                    model_package_group_name=group,
                    content_types=["text/csv"],
                    response_types=["text/csv"],
                    inference_instances=["ml.m5.large"],
                    transform_instances=["ml.m5.large"],
                    approval_status="Approved",
                ),
            )
        ],
        else_steps=[FailStep("Worse", error_message=message)],
    )
    pipeline = Pipeline(name, parameters=[month, window, live], steps=[prepare, train, evaluate, gate], sagemaker_session=session)
    return pipeline.upsert(role_arn=aws.role)["PipelineArn"]
