"""Selects the whole branch that was taken, with the steps in it that had succeeded."""

# trips: paid
# says: had succeeded


def finish(failed: str) -> str:
    asked = sagemaker.describe_pipeline_execution(PipelineExecutionArn=failed)
    listed = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=failed, MaxResults=100)["PipelineExecutionSteps"]
    done = {step["StepName"]: step["Metadata"] for step in listed if step["StepStatus"] == "Succeeded"}
    definition = json.loads(sagemaker.describe_pipeline(PipelineName=asked["PipelineArn"])["PipelineDefinition"])
    names = left(definition["Steps"], done)
    if "SelectiveExecutionConfig" in asked:
        selected = {step["StepName"] for step in asked["SelectiveExecutionConfig"]["SelectedSteps"]}
        names = [name for name in names if name in selected]
    given = sagemaker.list_pipeline_parameters_for_execution(PipelineExecutionArn=failed)
    return sagemaker.start_pipeline_execution(
        PipelineName=asked["PipelineArn"],
        PipelineParameters=given["PipelineParameters"],
        SelectiveExecutionConfig={"SourcePipelineExecutionArn": failed, "SelectedSteps": [{"StepName": name} for name in names]},
    )["PipelineExecutionArn"]


def left(steps: list, done: dict) -> list:
    names = []
    for step in steps:
        if step["Name"] not in done:
            names.append(step["Name"])
        outcome = done.get(step["Name"], {}).get("Condition", {}).get("Outcome")
        if outcome in (None, "True"):
            names += [inner["Name"] for inner in step["Arguments"].get("IfSteps", [])]
        if outcome in (None, "False"):
            names += [inner["Name"] for inner in step["Arguments"].get("ElseSteps", [])]
    return names
