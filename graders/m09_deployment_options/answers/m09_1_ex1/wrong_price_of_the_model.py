"""Pays for the model's megabytes, not for those of the container that they need."""

# trips: choice
# says: how many GB does each second of a container count


def serve(artifact, hour):
    price_of_a_second = hour["model_mb"] / 1024 * GB_SECOND
    fits = [mb for mb in (1024, 2048, 3072, 4096, 5120, 6144) if mb >= hour["model_mb"]]
    waits = hour["seconds"] + hour["cold_seconds"] > hour["patience"]
    endpoint = aws.unique("paid-by-model")
    model = ModelBuilder(s3_model_data_url=artifact, **own)
    model.build(model_name=endpoint)
    if not fits or waits or hour["requests"] * hour["seconds"] * price_of_a_second >= INSTANCE:
        model.deploy(endpoint_name=endpoint, instance_type="ml.m5.large", initial_instance_count=1)
    else:
        asked = ServerlessInferenceConfig(memory_size_in_mb=fits[0], max_concurrency=hour["at_once"])
        model.deploy(endpoint_name=endpoint, inference_config=asked)
    return endpoint
