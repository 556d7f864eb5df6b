from sagemaker.core.resources import Endpoint


def ask_all(endpoint, bodies, seconds):
    end = time.monotonic() + seconds
    queue = Endpoint.get(endpoint, session=aws.boto, region=aws.region)
    sent = [queue.invoke_async(input_location=put(body, f"question/{uuid4()}.csv"), content_type="text/csv") for body in bodies]
    results = [{"state": "waiting", "text": ""} for _ in sent]
    while time.monotonic() < end and any(one["state"] == "waiting" for one in results):
        for number, one in enumerate(sent):
            for state, place in (("done", one.output_location), ("failed", one.failure_location)):
                bucket, _, key = place.removeprefix("s3://").partition("/")
                if results[number]["state"] == "waiting" and s3.list_objects_v2(Bucket=bucket, Prefix=key)["KeyCount"]:
                    text = s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
                    results[number] = {"state": state, "text": text}
        pause()
    return results
