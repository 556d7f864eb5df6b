"""The more containers may run, the fewer requests are refused."""

# trips: settings
# says: is more reserved than needed


def serve(artifact, hour):
    gigabytes = -(-hour["model_mb"] // 1024)
    usd = hour["requests"] * hour["seconds"] * gigabytes * GB_SECOND
    in_time = hour["seconds"] + hour["cold_seconds"] <= hour["patience"]
    if gigabytes <= 6 and in_time and usd < INSTANCE:
        size = ServerlessInferenceConfig(memory_size_in_mb=gigabytes * 1024, max_concurrency=20)
        kind = {"inference_config": size}
    else:
        kind = {"instance_type": "ml.m5.large", "initial_instance_count": 1}
    name, builder = aws.unique("served"), ModelBuilder(s3_model_data_url=artifact, **own)
    builder.build(model_name=name)
    builder.deploy(endpoint_name=name, **kind)
    return name
