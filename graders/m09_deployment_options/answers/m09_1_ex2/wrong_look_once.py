"""The endpoint has had its time when all are sent; then look what is there."""

# trips: answers
# says: does your function look more than once


def ask_all(endpoint, bodies, seconds):
    places = []
    for body in bodies:
        location = put(body, f"question/{aws.unique('body')}.csv")
        sent = runtime.invoke_endpoint_async(EndpointName=endpoint, InputLocation=location, ContentType="text/csv")
        places.append({"done": sent["OutputLocation"], "failed": sent["FailureLocation"]})
    results = []
    for place in places:
        result = {"state": "waiting", "text": ""}
        for state, uri in place.items():
            bucket, _, key = uri.removeprefix("s3://").partition("/")
            if s3.list_objects_v2(Bucket=bucket, Prefix=key)["KeyCount"]:
                result = {"state": state, "text": s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()}
        results.append(result)
    return results
