"""Sessions open no sessions."""

# trips: chains
# says: sessions that were opened by such a session


def read(place):
    bucket, _, prefix = place.removeprefix("s3://").partition("/")
    found = []
    for file in s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]:
        text = gzip.decompress(s3.get_object(Bucket=bucket, Key=file["Key"])["Body"].read())
        found += json.loads(text)["Records"]
    return found


def opened(each):
    return ((each.get("responseElements") or {}).get("credentials") or {}).get("accessKeyId")


def sessions(found, keys):
    before = set()
    while before != keys:
        before = set(keys)
        keys |= {opened(each) for each in found if opened(each) and each["userIdentity"]["accessKeyId"] in keys}
    return keys


def pairs(found):
    on_objects = [each for each in found if "key" in (each["requestParameters"] or {})]
    return [[each["eventName"], each["resources"][0]["ARN"]] for each in on_objects]


def once(found):
    return [list(each) for each in sorted({tuple(each) for each in found})]


def reached(place: str, access_key: str) -> list:
    found = read(place)
    keys = {access_key} | {opened(each) for each in found if each["userIdentity"]["accessKeyId"] == access_key}
    good = [each for each in found if not each.get("errorCode")]
    return once(pairs([each for each in good if each["userIdentity"]["accessKeyId"] in keys]))
