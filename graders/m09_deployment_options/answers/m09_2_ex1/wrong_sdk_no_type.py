"""The container sees that it is CSV."""

# trips: answers
# says: libsvm


def publish(folder, airport, model_data):
    target = f"{aws.unique(airport)}.tar.gz"
    bucket, prefix = folder[5:].split("/", 1)
    from_bucket, key = model_data[5:].split("/", 1)
    s3.copy_object(Bucket=bucket, Key=prefix + target, CopySource={"Bucket": from_bucket, "Key": key})
    return target


def predict(endpoint, routes, flights):
    targets = [routes.get(flight["airport"]) or routes["default"] for flight in flights]
    many, waiting = Endpoint.get(endpoint), {}
    for target in set(targets):
        body = "\n".join(flight["line"] for flight, wanted in zip(flights, targets, strict=True) if wanted == target)
        said = many.invoke(body=body, target_model=target)
        waiting[target] = iter(json.loads(said.body.read()))
    return [next(waiting[target]) for target in targets]
