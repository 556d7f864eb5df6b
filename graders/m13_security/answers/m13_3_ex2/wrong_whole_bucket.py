"""Reads every file of the bucket, also the digest files, which have no records."""

# trips: own
# says: Records


def reached(place: str, access_key: str) -> list:
    bucket, _, _ = place.removeprefix("s3://").partition("/")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    done = []
    for file in (each for page in pages for each in page.get("Contents", [])):
        text = gzip.decompress(s3.get_object(Bucket=bucket, Key=file["Key"])["Body"].read())
        done += [each for each in json.loads(text)["Records"] if "errorCode" not in each]
    keys, new = set(), {access_key}
    while new:
        keys |= new
        mine = [each for each in done if each["userIdentity"].get("accessKeyId") in keys]
        opened = [each["responseElements"]["credentials"] for each in mine if each["eventName"] == "AssumeRole"]
        new = {each["accessKeyId"] for each in opened} - keys
    touched = [each for each in mine if "key" in (each["requestParameters"] or {})]
    pairs = {(each["eventName"], each["resources"][0]["ARN"]) for each in touched}
    return [list(pair) for pair in pairs]
