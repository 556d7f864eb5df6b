"""The models of the configuration by variant."""


def live_archive(endpoint: str) -> str:
    try:
        described = sagemaker.describe_endpoint(EndpointName=endpoint)
    except sagemaker.exceptions.ClientError as error:
        if "Could not find endpoint" not in str(error):
            raise
        return "none"
    config = sagemaker.describe_endpoint_config(EndpointConfigName=described["EndpointConfigName"])
    models = {each["VariantName"]: each["ModelName"] for each in config["ProductionVariants"]}
    weights = {each["VariantName"]: each["CurrentWeight"] for each in described["ProductionVariants"]}
    model = sagemaker.describe_model(ModelName=models[max(weights, key=weights.get)])
    return model["PrimaryContainer"]["ModelDataUrl"]
