"""One flight, one request: then nothing can be mixed up."""

# trips: requests
# says: how many are needed


def publish(folder, airport, model_data):
    target = f"{aws.unique(airport)}.tar.gz"
    bucket, prefix = folder[5:].split("/", 1)
    from_bucket, key = model_data[5:].split("/", 1)
    s3.copy_object(Bucket=bucket, Key=prefix + target, CopySource={"Bucket": from_bucket, "Key": key})
    return target


def predict(endpoint, routes, flights):
    answers = []
    for flight in flights:
        target = routes.get(flight["airport"], routes["default"])
        said = runtime.invoke_endpoint(EndpointName=endpoint, TargetModel=target, ContentType="text/csv", Body=flight["line"])
        answers += json.loads(said["Body"].read())
    return answers
