"""A model is named by its place in S3."""

# trips: new
# says: a place in S3


def publish(folder, airport, model_data):
    target = f"{aws.unique(airport)}.tar.gz"
    bucket, prefix = folder[5:].split("/", 1)
    from_bucket, key = model_data[5:].split("/", 1)
    s3.copy_object(Bucket=bucket, Key=prefix + target, CopySource={"Bucket": from_bucket, "Key": key})
    return folder + target


def predict(endpoint, routes, flights):
    targets = [routes.get(flight["airport"]) or routes["default"] for flight in flights]
    waiting = {}
    for target in set(targets):
        asked = [flight["line"] for flight, wanted in zip(flights, targets, strict=True) if wanted == target]
        said = runtime.invoke_endpoint(EndpointName=endpoint, TargetModel=target, ContentType="text/csv", Body="\n".join(asked))
        waiting[target] = iter(json.loads(said["Body"].read()))
    return [next(waiting[target]) for target in targets]
