def ask_all(endpoint, bodies, seconds):
    end = time.time() + seconds
    waiting, results = {}, {}
    for number, body in enumerate(bodies):
        key = f"{aws.prefix}/asked/{aws.unique('q')}-{number}"
        s3.put_object(Bucket=aws.bucket, Key=key, Body=body)
        waiting[number] = runtime.invoke_endpoint_async(
            EndpointName=endpoint, ContentType="text/csv", InputLocation=f"s3://{aws.bucket}/{key}"
        )
    while waiting and time.time() < end:
        for number, sent in list(waiting.items()):
            for state, uri in (("done", sent["OutputLocation"]), ("failed", sent["FailureLocation"])):
                bucket, key = uri[5:].split("/", 1)
                try:
                    text = s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
                except s3.exceptions.NoSuchKey:
                    continue
                results[number] = {"state": state, "text": text}
                del waiting[number]
                break
        time.sleep(0.3)
    return [results.get(number, {"state": "waiting", "text": ""}) for number in range(len(bodies))]
