"""Ask, wait for the answer, ask the next."""

# trips: waiting
# says: were all sent before any was waited for


def ask_all(endpoint, bodies, seconds):
    until = time.monotonic() + seconds
    results = []
    for body in bodies:
        result = {"state": "waiting", "text": ""}
        if time.monotonic() < until:
            location = put(body, f"question/{aws.unique('body')}.csv")
            sent = runtime.invoke_endpoint_async(EndpointName=endpoint, InputLocation=location, ContentType="text/csv")
        while result["state"] == "waiting" and time.monotonic() < until:
            for state, uri in (("done", sent["OutputLocation"]), ("failed", sent["FailureLocation"])):
                bucket, _, key = uri.removeprefix("s3://").partition("/")
                if s3.list_objects_v2(Bucket=bucket, Prefix=key)["KeyCount"]:
                    result = {"state": state, "text": s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()}
            pause(0.2)
        results.append(result)
    return results
