def update(endpoint, model_data):
    client = aws.client("sagemaker")
    old = client.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
    variants = client.describe_endpoint_config(EndpointConfigName=old)["ProductionVariants"]
    present = client.describe_model(ModelName=variants[0]["ModelName"])
    model, config = aws.unique("right-model"), aws.unique("right-config")
    container = {"Image": present["PrimaryContainer"]["Image"], "ModelDataUrl": model_data}
    client.create_model(ModelName=model, ExecutionRoleArn=present["ExecutionRoleArn"], PrimaryContainer=container)
    kept = {key: variants[0][key] for key in ("VariantName", "InstanceType", "InitialInstanceCount")}
    client.create_endpoint_config(EndpointConfigName=config, ProductionVariants=[{"ModelName": model, **kept}])
    client.update_endpoint(EndpointName=endpoint, EndpointConfigName=config)
    while client.describe_endpoint(EndpointName=endpoint)["EndpointStatus"] == "Updating":
        time.sleep(0.1)
    client.delete_endpoint_config(EndpointConfigName=old)
    return config
