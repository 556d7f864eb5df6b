"""Every error means that there is no endpoint."""

# trips: none
# says: which errors does it catch


def live_archive(endpoint: str) -> str:
    try:
        described = sagemaker.describe_endpoint(EndpointName=endpoint)
        serving = max(described["ProductionVariants"], key=lambda variant: variant["CurrentWeight"])["VariantName"]
        config = sagemaker.describe_endpoint_config(EndpointConfigName=described["EndpointConfigName"])
        [model] = [each["ModelName"] for each in config["ProductionVariants"] if each["VariantName"] == serving]
        return sagemaker.describe_model(ModelName=model)["PrimaryContainer"]["ModelDataUrl"]
    except sagemaker.exceptions.ClientError:
        return "none"
