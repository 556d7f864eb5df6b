"""One place for the question is enough: it is sent, and then the next."""

# trips: answers
# says: Some have the answer to another body


def ask_all(endpoint, bodies, seconds):
    until = time.monotonic() + seconds
    places = []
    for body in bodies:
        location = put(body, "question/body.csv")
        sent = runtime.invoke_endpoint_async(EndpointName=endpoint, InputLocation=location, ContentType="text/csv")
        places.append({"done": sent["OutputLocation"], "failed": sent["FailureLocation"]})
    results = [{"state": "waiting", "text": ""} for _ in bodies]
    while True:
        for number, place in enumerate(places):
            for state, uri in place.items():
                bucket, _, key = uri.removeprefix("s3://").partition("/")
                if results[number]["state"] == "waiting" and s3.list_objects_v2(Bucket=bucket, Prefix=key)["KeyCount"]:
                    results[number] = {"state": state, "text": s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()}
        if time.monotonic() > until or all(result["state"] != "waiting" for result in results):
            return results
        pause(0.2)
