"""The answer lies where the acknowledgement says; if it does not come, it is still waiting."""

# trips: failures
# says: where does an endpoint put what it could not answer


def ask_all(endpoint, bodies, seconds):
    until = time.monotonic() + min(seconds, 8)
    places = []
    for body in bodies:
        location = put(body, f"question/{aws.unique('body')}.csv")
        sent = runtime.invoke_endpoint_async(EndpointName=endpoint, InputLocation=location, ContentType="text/csv")
        places.append(sent["OutputLocation"].removeprefix("s3://").split("/", 1))
    results = [None for _ in bodies]
    while time.monotonic() < until and None in results:
        for number, (bucket, key) in enumerate(places):
            if results[number] is None and s3.list_objects_v2(Bucket=bucket, Prefix=key)["KeyCount"]:
                results[number] = {"state": "done", "text": s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()}
        pause(0.2)
    return [one or {"state": "waiting", "text": ""} for one in results]
