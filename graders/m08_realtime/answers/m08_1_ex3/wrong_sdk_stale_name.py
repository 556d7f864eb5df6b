"""After the update, `live` knows its configuration."""

# trips: updated
# says: expected the name of the configuration that the endpoint has now


def update(endpoint, model_data):
    live = Endpoint.get(endpoint)
    old, new = EndpointConfig.get(live.endpoint_config_name), aws.unique("wrong")
    ModelBuilder(s3_model_data_url=model_data, image_uri=image, role_arn=aws.role, sagemaker_session=aws.session).build(model_name=new)
    present = old.production_variants[0]
    present.model_name = new
    EndpointConfig.create(endpoint_config_name=new, production_variants=[present])
    live.endpoint_config_name = new
    live.update()
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=endpoint)
    old.delete()
    return live.endpoint_config_name
