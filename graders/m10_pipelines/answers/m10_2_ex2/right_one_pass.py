def finish(failed: str) -> str:
    asked = sagemaker.describe_pipeline_execution(PipelineExecutionArn=failed)
    pages = sagemaker.get_paginator("list_pipeline_execution_steps").paginate(PipelineExecutionArn=failed)
    listed = {step["StepName"]: step for page in pages for step in page["PipelineExecutionSteps"]}
    waiting = json.loads(sagemaker.describe_pipeline(PipelineName=asked["PipelineArn"])["PipelineDefinition"])["Steps"]
    config = asked.get("SelectiveExecutionConfig", {})
    selected = [step["StepName"] for step in config.get("SelectedSteps", [])]
    names = []
    while waiting:
        step = waiting.pop()
        state = listed.get(step["Name"], {"StepStatus": "never started"})
        arguments = step.get("Arguments", {})
        if state["StepStatus"] != "Succeeded":
            waiting += arguments.get("IfSteps", []) + arguments.get("ElseSteps", [])
            if not selected or step["Name"] in selected:
                names.append(step["Name"])
        elif step["Type"] == "Condition":
            waiting += arguments["IfSteps" if state["Metadata"]["Condition"]["Outcome"] == "True" else "ElseSteps"]
    config = {"SourcePipelineExecutionArn": failed, "SelectedSteps": [{"StepName": name} for name in names]}
    pages = sagemaker.get_paginator("list_pipeline_parameters_for_execution").paginate(PipelineExecutionArn=failed)
    given = [each for page in pages for each in page["PipelineParameters"]]
    request = {"PipelineName": failed.split("/")[1], "PipelineParameters": given}
    return sagemaker.start_pipeline_execution(**request, SelectiveExecutionConfig=config)["PipelineExecutionArn"]
