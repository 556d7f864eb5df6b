"""Does not look into the branches of Condition steps."""

# trips: rest
# says: Which branch


def finish(failed: str) -> str:
    asked = sagemaker.describe_pipeline_execution(PipelineExecutionArn=failed)
    listed = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=failed, MaxResults=100)["PipelineExecutionSteps"]
    done = {step["StepName"]: step["Metadata"] for step in listed if step["StepStatus"] == "Succeeded"}
    definition = json.loads(sagemaker.describe_pipeline(PipelineName=asked["PipelineArn"])["PipelineDefinition"])
    names = [step["Name"] for step in definition["Steps"] if step["Name"] not in done]
    if "SelectiveExecutionConfig" in asked:
        selected = {step["StepName"] for step in asked["SelectiveExecutionConfig"]["SelectedSteps"]}
        names = [name for name in names if name in selected]
    given = sagemaker.list_pipeline_parameters_for_execution(PipelineExecutionArn=failed)
    return sagemaker.start_pipeline_execution(
        PipelineName=asked["PipelineArn"],
        PipelineParameters=given["PipelineParameters"],
        SelectiveExecutionConfig={"SourcePipelineExecutionArn": failed, "SelectedSteps": [{"StepName": name} for name in names]},
    )["PipelineExecutionArn"]
