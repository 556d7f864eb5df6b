from sagemaker.mlops.workflow.selective_execution_config import SelectiveExecutionConfig


def finish(failed: str) -> str:
    pipeline = Pipeline(failed.split("/")[1], sagemaker_session=session)
    asked = sagemaker.describe_pipeline_execution(PipelineExecutionArn=failed)
    listed = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=failed, MaxResults=100)["PipelineExecutionSteps"]
    succeeded = [step for step in listed if step["StepStatus"] == "Succeeded"]
    outcomes = {step["StepName"]: step["Metadata"]["Condition"]["Outcome"] for step in succeeded if "Condition" in step["Metadata"]}
    out = {step["StepName"] for step in succeeded}
    every = []

    def walk(steps: list) -> None:
        for step in steps:
            every.append(step["Name"])
            for branch, outcome in (("IfSteps", "True"), ("ElseSteps", "False")):
                if outcomes.get(step["Name"], outcome) == outcome:
                    walk(step["Arguments"].get(branch, []))

    walk(json.loads(pipeline.describe()["PipelineDefinition"])["Steps"])
    if "SelectiveExecutionConfig" in asked:
        before = {step["StepName"] for step in asked["SelectiveExecutionConfig"]["SelectedSteps"]}
        out |= set(every) - before
    config = SelectiveExecutionConfig(selected_steps=[name for name in every if name not in out], source_pipeline_execution_arn=failed)
    parameters = pipeline.build_parameters_from_execution(failed)
    return pipeline.start(parameters=parameters, selective_execution_config=config).arn
