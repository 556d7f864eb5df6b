"""Table and script are exchanged."""

# trips: data
# says: each input has a name


def origin(endpoint: str) -> dict:
    config = sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
    [variant] = sagemaker.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"]
    archive = sagemaker.describe_model(ModelName=variant["ModelName"])["PrimaryContainer"]["ModelDataUrl"]
    [artifact] = sagemaker.list_artifacts(SourceUri=archive)["ArtifactSummaries"]
    found = sagemaker.query_lineage(
        StartArns=[artifact["ArtifactArn"]],
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
    return {"execution": tags["sagemaker:pipeline-execution-arn"], "data": inputs["code"], "code": inputs["flights"]}
