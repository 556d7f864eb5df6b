"""Each text `S3Uri` of the definition is replaced, also those of outputs."""

# trips: rest
# says: an output has no content before


def pin(definition: str) -> str:
    return json.dumps(replaced(json.loads(definition)))


def replaced(value):
    if isinstance(value, list):
        return [replaced(each) for each in value]
    if isinstance(value, dict):
        return {name: pinned(each) if name == "S3Uri" and isinstance(each, str) else replaced(each) for name, each in value.items()}
    return value


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
