from sagemaker.core.resources import Endpoint, EndpointConfig, Model
from sagemaker.core.shapes import ContainerDefinition, ProductionVariant


def update(endpoint, model_data):
    old = EndpointConfig.get(Endpoint.get(endpoint).endpoint_config_name)
    present, new = old.production_variants[0], aws.unique("right-v3")
    container = ContainerDefinition(image=image, model_data_url=model_data)
    Model.create(model_name=new, primary_container=container, execution_role_arn=aws.role)
    variant = ProductionVariant(
        variant_name=present.variant_name,
        model_name=new,
        instance_type=present.instance_type,
        initial_instance_count=present.initial_instance_count,
    )
    EndpointConfig.create(endpoint_config_name=new, production_variants=[variant])
    sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=new)
    Endpoint.get(endpoint).wait_for_status("InService", poll=1)
    old.delete()
    return new
