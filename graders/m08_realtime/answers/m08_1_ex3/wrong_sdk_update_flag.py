"""`deploy` has an argument for exactly this."""

# trips: updated
# says: unexpected keyword argument


def update(endpoint, model_data):
    new = aws.unique("wrong")
    builder = ModelBuilder(s3_model_data_url=model_data, image_uri=image, role_arn=aws.role, sagemaker_session=aws.session)
    builder.build(model_name=new)
    builder.deploy(endpoint_name=endpoint, instance_type="ml.m5.large", initial_instance_count=1, update_endpoint=True)
    return new
