"""Each address is replaced wherever the text of the definition has it."""

# trips: rest
# says: Only the addresses of inputs and channels become other ones


def pin(definition: str) -> str:
    pipeline = json.loads(definition)
    for step in pipeline["Steps"]:
        arguments = step.get("Arguments", {})
        sources = [each["S3Input"] for each in arguments.get("ProcessingInputs", [])]
        sources += [each["DataSource"]["S3DataSource"] for each in arguments.get("InputDataConfig", [])]
        for source in sources:
            if isinstance(source["S3Uri"], str):
                old, new = json.dumps(source["S3Uri"]), json.dumps(pinned(source["S3Uri"]))
                definition = definition.replace(old, new)
    return definition


def pinned(address: str) -> str:
    bucket, _, key = address.removeprefix("s3://").partition("/")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key)
    listed = {each["Key"]: each["ETag"] for page in pages for each in page.get("Contents", [])}
    folder = key.rpartition("/")[0] if key in listed else key
    names = {each: each.removeprefix(f"{folder}/") for each in listed if each == key or each.startswith(f"{key}/")}
    content = sorted((names[each], listed[each]) for each in names)
    place = f"{aws.prefix}/pinned/{hashlib.sha256(json.dumps(content).encode()).hexdigest()}"
    for each, name in names.items():
        s3.copy_object(CopySource={"Bucket": bucket, "Key": each}, Bucket=aws.bucket, Key=f"{place}/{name}")
    return f"s3://{aws.bucket}/{place}"
