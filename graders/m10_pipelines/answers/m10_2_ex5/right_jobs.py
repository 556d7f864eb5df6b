"""Without lineage: the training job that made the archive, and the Processing job that made its rows."""


def origin(endpoint: str) -> dict:
    described = sagemaker.describe_endpoint(EndpointName=endpoint)
    config = sagemaker.describe_endpoint_config(EndpointConfigName=described["EndpointConfigName"])
    model = sagemaker.describe_model(ModelName=config["ProductionVariants"][0]["ModelName"])
    archive = model["PrimaryContainer"]["ModelDataUrl"]
    training = sagemaker.describe_training_job(TrainingJobName=archive.split("/")[-3])
    channels = {each["ChannelName"]: each["DataSource"]["S3DataSource"]["S3Uri"] for each in training["InputDataConfig"]}
    tags = sagemaker.list_tags(ResourceArn=training["TrainingJobArn"])["Tags"]
    execution = next(tag["Value"] for tag in tags if tag["Key"] == "sagemaker:pipeline-execution-arn")
    for page in sagemaker.get_paginator("list_processing_jobs").paginate(StatusEquals="Completed"):
        for summary in page["ProcessingJobSummaries"]:
            job = sagemaker.describe_processing_job(ProcessingJobName=summary["ProcessingJobName"])
            written = [each["S3Output"]["S3Uri"] for each in job.get("ProcessingOutputConfig", {}).get("Outputs", [])]
            if channels["train"] in written:
                read = {each["InputName"]: each["S3Input"]["S3Uri"] for each in job["ProcessingInputs"]}
                return {"execution": execution, "data": read["flights"], "code": read["code"]}
