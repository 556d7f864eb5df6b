"""`update` came back without an error, so the update is done."""

# trips: answers
# says: still Updating


def update(endpoint, model_data):
    live = Endpoint.get(endpoint)
    old, new = EndpointConfig.get(live.endpoint_config_name), aws.unique("wrong")
    ModelBuilder(s3_model_data_url=model_data, image_uri=image, role_arn=aws.role, sagemaker_session=aws.session).build(model_name=new)
    present = old.production_variants[0]
    present.model_name = new
    EndpointConfig.create(endpoint_config_name=new, production_variants=[present])
    live.endpoint_config_name = new
    live.update()
    old.delete()
    return new
