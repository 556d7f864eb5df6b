"""Serverless costs less and has enough memory: that decides."""

# trips: choice
# says: does your rule add `seconds` and `cold_seconds`


def serve(artifact, hour):
    gigabytes = -(-hour["model_mb"] // 1024)
    usd = hour["requests"] * hour["seconds"] * gigabytes * GB_SECOND
    if gigabytes <= 6 and usd < INSTANCE:
        size = ServerlessInferenceConfig(memory_size_in_mb=gigabytes * 1024, max_concurrency=hour["at_once"])
        kind = {"inference_config": size}
    else:
        kind = {"instance_type": "ml.m5.large", "initial_instance_count": 1}
    name, builder = aws.unique("served"), ModelBuilder(s3_model_data_url=artifact, **own)
    builder.build(model_name=name)
    builder.deploy(endpoint_name=name, **kind)
    return name
