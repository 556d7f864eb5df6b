"""The variant is the one that was made above."""

# trips: kept
# says: changed more than the model


def update(endpoint, model_data):
    old = sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
    new = aws.unique("wrong")
    container = {"Image": image, "ModelDataUrl": model_data}
    sagemaker.create_model(ModelName=new, ExecutionRoleArn=aws.role, PrimaryContainer=container)
    sagemaker.create_endpoint_config(EndpointConfigName=new, ProductionVariants=[variant | {"ModelName": new}])
    sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=new)
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=endpoint)
    sagemaker.delete_endpoint_config(EndpointConfigName=old)
    return new
