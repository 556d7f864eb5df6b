"""Each step has a folder of its own for its copies."""

# trips: same
# says: Does one depend on the step


def pin(definition: str) -> str:
    pipeline = json.loads(definition)
    for step in pipeline["Steps"]:
        arguments = step.get("Arguments", {})
        sources = [each["S3Input"] for each in arguments.get("ProcessingInputs", [])]
        sources += [each["DataSource"]["S3DataSource"] for each in arguments.get("InputDataConfig", [])]
        for source in sources:
            if isinstance(source["S3Uri"], str):
                source["S3Uri"] = pinned(source["S3Uri"], step["Name"])
    return json.dumps(pipeline)


def pinned(address: str, step: str) -> str:
    bucket, _, key = address.removeprefix("s3://").partition("/")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key)
    listed = {each["Key"]: each["ETag"] for page in pages for each in page.get("Contents", [])}
    folder = key.rpartition("/")[0] if key in listed else key
    names = {each: each.removeprefix(f"{folder}/") for each in listed if each == key or each.startswith(f"{key}/")}
    content = sorted((names[each], listed[each]) for each in names)
    place = f"{aws.prefix}/pinned/{step}/{hashlib.sha256(json.dumps(content).encode()).hexdigest()}"
    for each, name in names.items():
        s3.copy_object(CopySource={"Bucket": bucket, "Key": each}, Bucket=aws.bucket, Key=f"{place}/{name}")
    return f"s3://{aws.bucket}/{place}"
