"""The default model knows all airports well enough, and is one request."""

# trips: answers
# says: for their airport


def publish(folder, airport, model_data):
    target = f"{aws.unique(airport)}.tar.gz"
    bucket, prefix = folder[5:].split("/", 1)
    from_bucket, key = model_data[5:].split("/", 1)
    s3.copy_object(Bucket=bucket, Key=prefix + target, CopySource={"Bucket": from_bucket, "Key": key})
    return target


def predict(endpoint, routes, flights):
    if not flights:
        return []
    body = "\n".join(flight["line"] for flight in flights)
    said = runtime.invoke_endpoint(EndpointName=endpoint, TargetModel=routes["default"], ContentType="text/csv", Body=body)
    return json.loads(said["Body"].read())
