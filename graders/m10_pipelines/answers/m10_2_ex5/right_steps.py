"""The execution is the one in which the step with the training job did not take it from the cache."""


def origin(endpoint: str) -> dict:
    config = sagemaker.describe_endpoint_config(EndpointConfigName=sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"])
    model = sagemaker.describe_model(ModelName=config["ProductionVariants"][0]["ModelName"])["PrimaryContainer"]
    for pipeline in sagemaker.list_pipelines(SortBy="CreationTime", SortOrder="Descending")["PipelineSummaries"]:
        listed = sagemaker.list_pipeline_executions(PipelineName=pipeline["PipelineName"])
        for execution in listed["PipelineExecutionSummaries"]:
            arn = execution["PipelineExecutionArn"]
            steps = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=arn)["PipelineExecutionSteps"]
            jobs = {step["StepName"]: step for step in steps}
            train = jobs.get("Train")
            if not train or "CacheHitResult" in train or "TrainingJob" not in train.get("Metadata", {}):
                continue
            name = train["Metadata"]["TrainingJob"]["Arn"].rpartition("/")[2]
            made = sagemaker.describe_training_job(TrainingJobName=name).get("ModelArtifacts", {})
            if made.get("S3ModelArtifacts") == model["ModelDataUrl"]:
                processing = jobs["Prepare"]["Metadata"]["ProcessingJob"]["Arn"].rpartition("/")[2]
                described = sagemaker.describe_processing_job(ProcessingJobName=processing)
                read = {each["InputName"]: each["S3Input"]["S3Uri"] for each in described["ProcessingInputs"]}
                return {"execution": arn, "data": read["flights"], "code": read["code"]}
