"""The new configuration has another name; that is what makes the update."""

# trips: updated
# says: nothing was updated


def update(endpoint, model_data):
    old = sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
    present = sagemaker.describe_endpoint_config(EndpointConfigName=old)["ProductionVariants"][0]
    new = aws.unique("wrong")
    container = {"Image": image, "ModelDataUrl": model_data}
    sagemaker.create_model(ModelName=new, ExecutionRoleArn=aws.role, PrimaryContainer=container)
    sagemaker.create_endpoint_config(EndpointConfigName=new, ProductionVariants=[present | {"ModelName": new}])
    return new
