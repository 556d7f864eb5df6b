"""The weights of the configuration decide."""

# trips: weights
# says: the weights of the beginning


def live_archive(endpoint: str) -> str:
    try:
        described = sagemaker.describe_endpoint(EndpointName=endpoint)
    except sagemaker.exceptions.ClientError as error:
        if "Could not find endpoint" in error.response["Error"]["Message"]:
            return "none"
        raise
    config = sagemaker.describe_endpoint_config(EndpointConfigName=described["EndpointConfigName"])
    model = max(config["ProductionVariants"], key=lambda each: each["InitialVariantWeight"])["ModelName"]
    return sagemaker.describe_model(ModelName=model)["PrimaryContainer"]["ModelDataUrl"]
