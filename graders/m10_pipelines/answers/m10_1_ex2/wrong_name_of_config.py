"""The configuration has the endpoint's name."""

# trips: live
# says: Could not find endpoint configuration


def live_archive(endpoint: str) -> str:
    try:
        described = sagemaker.describe_endpoint(EndpointName=endpoint)
    except sagemaker.exceptions.ClientError as error:
        if "Could not find endpoint" in error.response["Error"]["Message"]:
            return "none"
        raise
    serving = max(described["ProductionVariants"], key=lambda variant: variant["CurrentWeight"])["VariantName"]
    config = sagemaker.describe_endpoint_config(EndpointConfigName=endpoint)
    [model] = [each["ModelName"] for each in config["ProductionVariants"] if each["VariantName"] == serving]
    return sagemaker.describe_model(ModelName=model)["PrimaryContainer"]["ModelDataUrl"]
