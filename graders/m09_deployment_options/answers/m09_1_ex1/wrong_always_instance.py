"""An instance never refuses and is never cold."""

# trips: choice
# says: what in an hour moves your choice


def serve(artifact, hour):
    kind = {"instance_type": "ml.m5.large", "initial_instance_count": 1}
    name, builder = aws.unique("served"), ModelBuilder(s3_model_data_url=artifact, **own)
    builder.build(model_name=name)
    builder.deploy(endpoint_name=name, **kind)
    return name
