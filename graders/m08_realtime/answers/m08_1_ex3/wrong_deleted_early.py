"""The call is made, so nothing needs the old configuration."""

# trips: old_configuration
# says: was deleted while the endpoint was still Updating


def update(endpoint, model_data):
    old = sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
    present = sagemaker.describe_endpoint_config(EndpointConfigName=old)["ProductionVariants"][0]
    new = aws.unique("wrong")
    container = {"Image": image, "ModelDataUrl": model_data}
    sagemaker.create_model(ModelName=new, ExecutionRoleArn=aws.role, PrimaryContainer=container)
    sagemaker.create_endpoint_config(EndpointConfigName=new, ProductionVariants=[present | {"ModelName": new}])
    sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=new)
    sagemaker.delete_endpoint_config(EndpointConfigName=old)
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=endpoint)
    return new
