"""The pipeline has the parameter, and compares with the live model of the lesson."""

# trips: steps
# says: where is the value of LiveModel


def release_pipeline(name: str, group: str) -> str:
    new, old = measured("new.dollars"), measured("live.dollars")
    message = Join(on=" ", values=["The new model costs", new, "dollars a flight, the live one", old])
    evaluate = evaluate_step(aws, processor(image), tests, model, archives["live"])
    gate = ConditionStep(
        "Better",
        conditions=[ConditionLessThan(left=new, right=old)],
        if_steps=[register_step([container_of(image, model)], group)],
        else_steps=[FailStep("Worse", error_message=message)],
    )
    pipeline = Pipeline(name, parameters=[month, window, live], steps=[prepare, train, evaluate, gate], sagemaker_session=session)
    return pipeline.upsert(role_arn=aws.role)["PipelineArn"]
