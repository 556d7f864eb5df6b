"""A missing endpoint raises."""

# trips: none
# says: Could not find endpoint


def live_archive(endpoint: str) -> str:
    described = sagemaker.describe_endpoint(EndpointName=endpoint)
    serving = max(described["ProductionVariants"], key=lambda variant: variant["CurrentWeight"])["VariantName"]
    config = sagemaker.describe_endpoint_config(EndpointConfigName=described["EndpointConfigName"])
    [model] = [each["ModelName"] for each in config["ProductionVariants"] if each["VariantName"] == serving]
    return sagemaker.describe_model(ModelName=model)["PrimaryContainer"]["ModelDataUrl"]
