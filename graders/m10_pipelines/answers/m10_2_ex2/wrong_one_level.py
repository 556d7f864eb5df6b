"""Looks into branches, but not into the branches of a Condition step within one."""

# trips: rest
# says: Which steps are in the branches of a Condition step?


def finish(failed: str) -> str:
    asked = sagemaker.describe_pipeline_execution(PipelineExecutionArn=failed)
    listed = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=failed, MaxResults=100)["PipelineExecutionSteps"]
    done = {step["StepName"]: step["Metadata"] for step in listed if step["StepStatus"] == "Succeeded"}
    definition = json.loads(sagemaker.describe_pipeline(PipelineName=asked["PipelineArn"])["PipelineDefinition"])
    steps = list(definition["Steps"])
    for step in definition["Steps"]:
        outcome = done.get(step["Name"], {}).get("Condition", {}).get("Outcome")
        for branch, needed in (("IfSteps", "True"), ("ElseSteps", "False")):
            steps += step["Arguments"].get(branch, []) if outcome in (None, needed) else []
    names = [step["Name"] for step in steps if step["Name"] not in done]
    if "SelectiveExecutionConfig" in asked:
        selected = {step["StepName"] for step in asked["SelectiveExecutionConfig"]["SelectedSteps"]}
        names = [name for name in names if name in selected]
    given = sagemaker.list_pipeline_parameters_for_execution(PipelineExecutionArn=failed)
    return sagemaker.start_pipeline_execution(
        PipelineName=asked["PipelineArn"],
        PipelineParameters=given["PipelineParameters"],
        SelectiveExecutionConfig={"SourcePipelineExecutionArn": failed, "SelectedSteps": [{"StepName": name} for name in names]},
    )["PipelineExecutionArn"]
