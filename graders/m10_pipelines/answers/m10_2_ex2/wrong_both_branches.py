"""Selects both branches of every Condition step, also of one that has decided."""

# trips: rest
# says: did not take


def finish(failed: str) -> str:
    asked = sagemaker.describe_pipeline_execution(PipelineExecutionArn=failed)
    listed = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=failed, MaxResults=100)["PipelineExecutionSteps"]
    done = {step["StepName"]: step["Metadata"] for step in listed if step["StepStatus"] == "Succeeded"}
    definition = json.loads(sagemaker.describe_pipeline(PipelineName=asked["PipelineArn"])["PipelineDefinition"])
    names = [name for name in all_steps(definition["Steps"]) if name not in done]
    if "SelectiveExecutionConfig" in asked:
        selected = {step["StepName"] for step in asked["SelectiveExecutionConfig"]["SelectedSteps"]}
        names = [name for name in names if name in selected]
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
