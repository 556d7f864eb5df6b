"""The name of what was deployed: the model's artifact."""

# trips: updated
# says: expected the name of the configuration


def update(endpoint, model_data):
    old = sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
    present = sagemaker.describe_endpoint_config(EndpointConfigName=old)["ProductionVariants"][0]
    new = aws.unique("wrong")
    container = {"Image": image, "ModelDataUrl": model_data}
    sagemaker.create_model(ModelName=new, ExecutionRoleArn=aws.role, PrimaryContainer=container)
    sagemaker.create_endpoint_config(EndpointConfigName=new, ProductionVariants=[present | {"ModelName": new}])
    sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=new)
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=endpoint)
    sagemaker.delete_endpoint_config(EndpointConfigName=old)
    return model_data
