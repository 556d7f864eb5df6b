from sagemaker.core.resources import Endpoint, Model
from sagemaker.core.shapes import ContainerDefinition


def serve(artifact, hour):
    where, sizes = {"session": aws.boto, "region": aws.region}, [size for size in range(1, 7) if size * 1024 >= hour["model_mb"]]
    on = {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    in_time = hour["seconds"] + hour["cold_seconds"] <= hour["patience"]
    if sizes and in_time and hour["requests"] * hour["seconds"] * sizes[0] * GB_SECOND < INSTANCE:
        on = {"ServerlessConfig": {"MemorySizeInMB": 1024 * sizes[0], "MaxConcurrency": hour["at_once"]}}
    model, config, name = aws.unique("core-model"), aws.unique("core-config"), aws.unique("core-endpoint")
    container = ContainerDefinition(image=image, model_data_url=artifact)
    Model.create(model_name=model, primary_container=container, execution_role_arn=aws.role, **where)
    # `EndpointConfig.create` of SDK 3.27.0 misspells MemorySizeInMB
    variant = {"VariantName": "one", "ModelName": model} | on
    sagemaker.create_endpoint_config(EndpointConfigName=config, ProductionVariants=[variant])
    endpoint = Endpoint.create(endpoint_name=name, endpoint_config_name=config, **where)
    endpoint.wait_for_status("InService", poll=1)
    return endpoint.endpoint_name
