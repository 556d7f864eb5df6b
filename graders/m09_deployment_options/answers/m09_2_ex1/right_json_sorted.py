import hashlib


def publish(folder, airport, model_data):
    digest = hashlib.sha256(model_data.encode()).hexdigest()[:12]
    target = f"{airport}/{digest}.tar.gz"
    source = model_data.removeprefix("s3://")
    bucket, prefix = folder.removeprefix("s3://").split("/", 1)
    s3.copy({"Bucket": source.split("/", 1)[0], "Key": source.split("/", 1)[1]}, bucket, prefix + target)
    return target


def predict(endpoint, routes, flights):
    frame = pd.DataFrame(flights, columns=["airport", "line"])
    frame["target"] = [routes[airport] if airport in routes else routes["default"] for airport in frame.airport]
    answers = pd.Series(index=frame.index, dtype=float)
    for target, part in frame.groupby("target"):
        said = runtime.invoke_endpoint(
            EndpointName=endpoint, TargetModel=target, ContentType="text/csv", Accept="application/json", Body="\n".join(part.line)
        )
        answers[part.index] = json.loads(said["Body"].read())
    return answers.tolist()
