"""The package has the model that was approved before."""

# trips: package
# says: not what `Train`


def release_pipeline(name: str, group: str) -> str:
    new, old = measured("new.dollars"), measured("live.dollars")
    message = Join(on=" ", values=["The new model costs", new, "dollars a flight, the live one", old])
    gate = ConditionStep(
        "Better",
        conditions=[ConditionLessThan(left=new, right=old)],
        if_steps=[register_step([container_of(image, archives["approved"])], group)],
        else_steps=[FailStep("Worse", error_message=message)],
    )
    pipeline = Pipeline(name, parameters=[month, window, live], steps=[prepare, train, evaluate, gate], sagemaker_session=session)
    return pipeline.upsert(role_arn=aws.role)["PipelineArn"]
