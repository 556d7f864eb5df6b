"""The model is there already: an endpoint is enough."""

# trips: answers
# says: which archive and image


def serve(artifact, hour):
    gigabytes = -(-hour["model_mb"] // 1024)
    usd = hour["requests"] * hour["seconds"] * gigabytes * GB_SECOND
    in_time = hour["seconds"] + hour["cold_seconds"] <= hour["patience"]
    if gigabytes <= 6 and in_time and usd < INSTANCE:
        on = {"ServerlessConfig": {"MemorySizeInMB": gigabytes * 1024, "MaxConcurrency": hour["at_once"]}}
    else:
        on = {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    name, variant = aws.unique("served"), {"VariantName": "Live", "ModelName": model} | on
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name)
    return name
