"""Selects the step that failed and all that stand after it in the definition."""

# trips: rest
# says: did not run


def finish(failed: str) -> str:
    asked = sagemaker.describe_pipeline_execution(PipelineExecutionArn=failed)
    listed = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=failed, MaxResults=100)["PipelineExecutionSteps"]
    [broken] = [step["StepName"] for step in listed if step["StepStatus"] == "Failed"]
    definition = json.loads(sagemaker.describe_pipeline(PipelineName=asked["PipelineArn"])["PipelineDefinition"])
    names = all_steps(definition["Steps"])
    names = names[names.index(broken) :]
    given = sagemaker.list_pipeline_parameters_for_execution(PipelineExecutionArn=failed)
    return sagemaker.start_pipeline_execution(
        PipelineName=asked["PipelineArn"],
        PipelineParameters=given["PipelineParameters"],
        SelectiveExecutionConfig={"SourcePipelineExecutionArn": failed, "SelectedSteps": [{"StepName": name} for name in names]},
    )["PipelineExecutionArn"]


def all_steps(steps: list) -> list:
    names = []
    for step in steps:
        names.append(step["Name"])
        names += all_steps(step["Arguments"].get("IfSteps", [])) + all_steps(step["Arguments"].get("ElseSteps", []))
    return names
