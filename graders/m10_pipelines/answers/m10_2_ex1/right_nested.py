"""All inputs and channels are found by their names, wherever they are in the definition."""


def pin(definition: str) -> str:
    return json.dumps(with_copies(json.loads(definition)))


def with_copies(value):
    if isinstance(value, list):
        return [with_copies(each) for each in value]
    if not isinstance(value, dict):
        return value
    changed = {name: with_copies(each) for name, each in value.items()}
    for name in ("S3Input", "S3DataSource"):
        if name in changed and isinstance(changed[name]["S3Uri"], str):
            changed[name] = changed[name] | {"S3Uri": copied(changed[name]["S3Uri"])}
    return changed


def copied(address: str) -> str:
    bucket, key = address.split("/", 3)[2:]
    parent = key
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=f"{key}/").get("Contents", [])
    if not listed:
        parent = key.rpartition("/")[0]
        listed = [each for each in s3.list_objects_v2(Bucket=bucket, Prefix=key)["Contents"] if each["Key"] == key]
    lines = [f"{each['Key'][len(parent) :]} {each['ETag']}" for each in listed]
    place = f"{aws.prefix}/pinned/{hashlib.md5('|'.join(lines).encode()).hexdigest()}/files"
    for each in listed:
        s3.copy_object(Bucket=aws.bucket, Key=place + each["Key"][len(parent) :], CopySource=f"{bucket}/{each['Key']}")
    return f"s3://{aws.bucket}/{place}"
