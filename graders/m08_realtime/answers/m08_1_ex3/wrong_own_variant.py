"""The variant as in the lesson: its name, one instance, ml.m5.large."""

# trips: kept
# says: changed more than the model


def update(endpoint, model_data):
    old = sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
    new = aws.unique("wrong")
    container = {"Image": image, "ModelDataUrl": model_data}
    sagemaker.create_model(ModelName=new, ExecutionRoleArn=aws.role, PrimaryContainer=container)
    variants = [{"VariantName": "New", "ModelName": new, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}]
    sagemaker.create_endpoint_config(EndpointConfigName=new, ProductionVariants=variants)
    sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=new)
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=endpoint)
    sagemaker.delete_endpoint_config(EndpointConfigName=old)
    return new
