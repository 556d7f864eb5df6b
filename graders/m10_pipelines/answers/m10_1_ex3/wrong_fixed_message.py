"""The message has no numbers."""

# trips: message
# says: expected the dollars


def release_pipeline(name: str, group: str) -> str:
    new, old = measured("new.dollars"), measured("live.dollars")
    gate = ConditionStep(
        "Better",
        conditions=[ConditionLessThan(left=new, right=old)],
        if_steps=[register_step([container_of(image, model)], group)],
        else_steps=[FailStep("Worse", error_message="The new model costs more than the live one.")],
    )
    pipeline = Pipeline(name, parameters=[month, window, live], steps=[prepare, train, evaluate, gate], sagemaker_session=session)
    return pipeline.upsert(role_arn=aws.role)["PipelineArn"]
