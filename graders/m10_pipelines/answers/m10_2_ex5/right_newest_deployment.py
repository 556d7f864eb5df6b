"""From the newest deployment of the endpoint, one association after the other."""


def origin(endpoint: str) -> dict:
    arn = sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointArn"]
    context = sagemaker.list_contexts(SourceUri=arn)["ContextSummaries"][0]["ContextArn"]
    deployments = above(context)
    newest = max(deployments, key=lambda each: each["CreationTime"])["SourceArn"]
    [model] = [each["SourceArn"] for each in above(newest) if each["SourceType"] == "Model"]
    training = source_of(above(model)[0])
    tags = sagemaker.list_tags(ResourceArn=training)["Tags"]
    result = {"execution": next(tag["Value"] for tag in tags if tag["Key"].endswith("pipeline-execution-arn"))}
    for data in above(above(model)[0]["SourceArn"]):
        for maker in above(data["SourceArn"]):
            job = sagemaker.describe_processing_job(ProcessingJobName=source_of(maker).split("/")[-1])
            read = {each["InputName"]: each["S3Input"]["S3Uri"] for each in job["ProcessingInputs"]}
            result |= {"data": read["flights"], "code": read["code"]}
    return result


def above(arn: str) -> list:
    return sagemaker.list_associations(DestinationArn=arn)["AssociationSummaries"]


def source_of(association: dict) -> str:
    name = association["SourceArn"].split("/")[-1]
    return sagemaker.describe_trial_component(TrialComponentName=name)["Source"]["SourceArn"]
