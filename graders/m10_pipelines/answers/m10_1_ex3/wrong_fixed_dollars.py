"""A fixed number of dollars decides."""

# trips: decision
# says: which two numbers


def release_pipeline(name: str, group: str) -> str:
    new, old = measured("new.dollars"), measured("live.dollars")
    message = Join(on=" ", values=["The new model costs", new, "dollars a flight, the live one", old])
    gate = ConditionStep(
        "Better",
        conditions=[ConditionLessThan(left=new, right=28.0)],
        if_steps=[register_step([container_of(image, model)], group)],
        else_steps=[FailStep("Worse", error_message=message)],
    )
    pipeline = Pipeline(name, parameters=[month, window, live], steps=[prepare, train, evaluate, gate], sagemaker_session=session)
    return pipeline.upsert(role_arn=aws.role)["PipelineArn"]
