"""Each request gets the seconds; they are waited for in turn."""

# trips: waiting
# says: Do the seconds hold for all bodies together


def ask_all(endpoint, bodies, seconds):
    places = []
    for body in bodies:
        location = put(body, f"question/{aws.unique('body')}.csv")
        sent = runtime.invoke_endpoint_async(EndpointName=endpoint, InputLocation=location, ContentType="text/csv")
        places.append({"done": sent["OutputLocation"], "failed": sent["FailureLocation"]})
    results = []
    for place in places:
        until, result = time.monotonic() + seconds, {"state": "waiting", "text": ""}
        while result["state"] == "waiting" and time.monotonic() < until:
            for state, uri in place.items():
                bucket, _, key = uri.removeprefix("s3://").partition("/")
                if s3.list_objects_v2(Bucket=bucket, Prefix=key)["KeyCount"]:
                    result = {"state": state, "text": s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()}
            pause(0.2)
        results.append(result)
    return results
