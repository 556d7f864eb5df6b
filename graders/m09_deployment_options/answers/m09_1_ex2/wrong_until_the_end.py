"""The seconds are there to be used: look at the end once more, and return."""

# trips: waiting
# says: Does it return when nothing is waiting


def ask_all(endpoint, bodies, seconds):
    until = time.monotonic() + seconds
    places = []
    for body in bodies:
        location = put(body, f"question/{uuid4()}.csv")
        sent = runtime.invoke_endpoint_async(EndpointName=endpoint, InputLocation=location, ContentType="text/csv")
        places.append({"done": sent["OutputLocation"], "failed": sent["FailureLocation"]})
    results = [{"state": "waiting", "text": ""} for _ in bodies]
    while time.monotonic() < until:
        for number, place in enumerate(places):
            for state, uri in place.items():
                bucket, _, key = uri.removeprefix("s3://").partition("/")
                if results[number]["state"] == "waiting" and s3.list_objects_v2(Bucket=bucket, Prefix=key)["KeyCount"]:
                    results[number] = {"state": state, "text": s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()}
        pause(0.2)
    return results
