def publish(folder, airport, model_data):
    name = f"{airport}/{aws.unique('model')}.tar.gz"
    place = folder.split("://")[1].partition("/")
    s3.copy_object(CopySource=model_data.split("://")[1], Bucket=place[0], Key=place[2] + name)
    return name


def predict(endpoint, routes, flights):
    numbers, shared = [0.0] * len(flights), Endpoint.get(endpoint)
    for target in {*routes.values()}:
        mine = [n for n, each in enumerate(flights) if routes.get(each["airport"], routes["default"]) == target]
        if not mine:
            continue
        body = "\n".join(flights[n]["line"] for n in mine)
        said = shared.invoke(body=body, content_type="text/csv", accept="application/json", target_model=target)
        for n, number in zip(mine, json.loads(said.body.read()), strict=True):
            numbers[n] = number
    return numbers
