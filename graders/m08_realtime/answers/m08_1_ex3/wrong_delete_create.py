"""A new model is a new endpoint: away with the old one, and the same name again."""

# trips: lost
# says: Was there always an endpoint


def update(endpoint, model_data):
    old = sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
    present = sagemaker.describe_endpoint_config(EndpointConfigName=old)["ProductionVariants"][0]
    new = aws.unique("wrong")
    container = {"Image": image, "ModelDataUrl": model_data}
    sagemaker.create_model(ModelName=new, ExecutionRoleArn=aws.role, PrimaryContainer=container)
    sagemaker.create_endpoint_config(EndpointConfigName=new, ProductionVariants=[present | {"ModelName": new}])
    sagemaker.delete_endpoint(EndpointName=endpoint)
    sagemaker.create_endpoint(EndpointName=endpoint, EndpointConfigName=new)
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=endpoint)
    sagemaker.delete_endpoint_config(EndpointConfigName=old)
    return new
