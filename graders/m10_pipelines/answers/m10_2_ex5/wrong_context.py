"""The context of the endpoint has one training job above it."""

# trips: execution
# says: too many values to unpack


def origin(endpoint: str) -> dict:
    arn = sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointArn"]
    [context] = sagemaker.list_contexts(SourceUri=arn, ContextType="Endpoint")["ContextSummaries"]
    found = sagemaker.query_lineage(
        StartArns=[context["ContextArn"]],
        Direction="Ascendants",
        IncludeEdges=False,
        Filters={"LineageTypes": ["TrialComponent"]},
    )["Vertices"]
    names = [vertex["Arn"].rpartition("/")[2] for vertex in found]
    jobs = [sagemaker.describe_trial_component(TrialComponentName=each)["Source"]["SourceArn"] for each in names]
    [training] = [job for job in jobs if ":training-job/" in job]
    [processing] = [job for job in jobs if ":processing-job/" in job]
    tags = {tag["Key"]: tag["Value"] for tag in sagemaker.list_tags(ResourceArn=training)["Tags"]}
    described = sagemaker.describe_processing_job(ProcessingJobName=processing.rpartition("/")[2])
    inputs = {each["InputName"]: each["S3Input"]["S3Uri"] for each in described["ProcessingInputs"]}
    return {"execution": tags["sagemaker:pipeline-execution-arn"], "data": inputs["flights"], "code": inputs["code"]}
