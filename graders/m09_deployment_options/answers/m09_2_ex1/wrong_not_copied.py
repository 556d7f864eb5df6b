"""The endpoint finds a model wherever the training job left it."""

# trips: new
# says: no such object in the folder


def publish(folder, airport, model_data):
    return model_data.removeprefix("s3://").split("/", 1)[1]


def predict(endpoint, routes, flights):
    targets = [routes.get(flight["airport"]) or routes["default"] for flight in flights]
    waiting = {}
    for target in set(targets):
        asked = [flight["line"] for flight, wanted in zip(flights, targets, strict=True) if wanted == target]
        said = runtime.invoke_endpoint(EndpointName=endpoint, TargetModel=target, ContentType="text/csv", Body="\n".join(asked))
        waiting[target] = iter(json.loads(said["Body"].read()))
    return [next(waiting[target]) for target in targets]
