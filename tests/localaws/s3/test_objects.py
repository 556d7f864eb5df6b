"""Objects: a get returns what was put, under any key; ranges, conditions, headers, tags, copies, deletions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.request import urlopen

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200).filter(lambda key: len(key.encode()) <= 1024)
METADATA = st.dictionaries(
    st.from_regex(r"[a-z0-9][a-z0-9_-]{0,20}", fullmatch=True),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60),
    max_size=5,
)
MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@MANY
@given(key=KEYS, body=st.binary(max_size=5000), metadata=METADATA)
def test_any_key_body_and_metadata_come_back(s3, shared_bucket, key, body, metadata):
    s3.put_object(Bucket=shared_bucket, Key=key, Body=body, Metadata=metadata)
    found = s3.get_object(Bucket=shared_bucket, Key=key)
    assert (found["Body"].read(), found["Metadata"]) == (body, metadata)
    assert key in [entry["Key"] for entry in s3.list_objects_v2(Bucket=shared_bucket, Prefix=key)["Contents"]]
    s3.delete_object(Bucket=shared_bucket, Key=key)
    assert "Contents" not in s3.list_objects_v2(Bucket=shared_bucket)


@pytest.mark.parametrize(
    "key", ["a b", "ü/日本", "//x//", "../x", "a/../b", ".", "..", "%2F", "%", "?a=b&c", "a+b", "#", "\\", "a/", "*'();:@,$"]
)
def test_awkward_keys_are_kept_apart(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    s3.copy_object(Bucket=bucket, Key=f"{key} copy", CopySource={"Bucket": bucket, "Key": key})
    assert s3.get_object(Bucket=bucket, Key=f"{key} copy")["Body"].read() == key.encode()
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": f"{key} copy"})
    assert urlopen(url, timeout=10).read() == key.encode()  # unlike requests, urlopen keeps ".."
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key, f"{key} copy"]
    assert s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key}, {"Key": f"{key} copy"}]})["Deleted"]
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


BODY = bytes(range(256)) * 300


@MANY
@given(first=st.integers(0, len(BODY) - 1), length=st.integers(1, len(BODY) + 10))
def test_a_range_is_a_slice(s3, shared_bucket, first, length):
    s3.put_object(Bucket=shared_bucket, Key="ranged", Body=BODY)
    last = first + length - 1
    for header, expected in (
        (f"bytes={first}-{last}", BODY[first : last + 1]),
        (f"bytes={first}-", BODY[first:]),
        (f"bytes=-{length}", BODY[-length:]),
    ):
        found = s3.get_object(Bucket=shared_bucket, Key="ranged", Range=header)
        assert found["Body"].read() == expected
        begin = BODY.index(expected) if len(expected) > 256 * 299 else None
        assert found["ResponseMetadata"]["HTTPStatusCode"] == 206
        assert found["ContentRange"].endswith(f"/{len(BODY)}")
        assert begin is None or found["ContentRange"].startswith(f"bytes {begin}-")
        head = s3.head_object(Bucket=shared_bucket, Key="ranged", Range=header)
        assert (head["ContentLength"], head["ContentRange"]) == (len(expected), found["ContentRange"])
    s3.delete_object(Bucket=shared_bucket, Key="ranged")


def test_a_range_outside_is_refused(s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"abc")
    s3.put_object(Bucket=bucket, Key="empty", Body=b"")
    for key, header in (("k", "bytes=3-"), ("k", "bytes=-0"), ("empty", "bytes=0-")):
        with refused("InvalidRange", 416):
            s3.get_object(Bucket=bucket, Key=key, Range=header)
    assert s3.get_object(Bucket=bucket, Key="k", Range="bytes=0-0,2-2")["Body"].read() == b"abc"


def test_what_is_missing(s3, bucket, refused):
    with refused("NoSuchKey", 404) as error:
        s3.get_object(Bucket=bucket, Key="missing")
    assert error.value.response["Error"]["Key"] == "missing"
    with refused("404", 404):
        s3.head_object(Bucket=bucket, Key="missing")
    with refused("NoSuchBucket", 404):
        s3.put_object(Bucket="no-such-bucket-here", Key="k", Body=b"x")
    with refused("KeyTooLongError", 400):
        s3.put_object(Bucket=bucket, Key="k" * 1025, Body=b"x")
    assert s3.delete_object(Bucket=bucket, Key="missing")["ResponseMetadata"]["HTTPStatusCode"] == 204


def test_headers_are_kept_and_can_be_overridden(s3, bucket):
    expires = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    sent = {"CacheControl": "no-cache", "ContentDisposition": 'attachment; filename="x.csv"', "ContentEncoding": "gzip"}
    sent |= {"ContentLanguage": "de", "ContentType": "text/csv", "WebsiteRedirectLocation": "/other", "StorageClass": "STANDARD_IA"}
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Expires=expires, **sent)
    found = s3.head_object(Bucket=bucket, Key="k")
    assert {name: found[name] for name in sent} == sent
    assert found["ExpiresString"] == "Wed, 02 Jan 2030 03:04:05 GMT"
    other = s3.get_object(Bucket=bucket, Key="k", ResponseContentType="text/plain", ResponseCacheControl="max-age=1")
    assert (other["ContentType"], other["CacheControl"]) == ("text/plain", "max-age=1")
    assert s3.list_objects_v2(Bucket=bucket)["Contents"][0]["StorageClass"] == "STANDARD_IA"


def test_conditional_reads(s3, bucket, refused):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"x")["ETag"]
    past, future = datetime.now(UTC) - timedelta(days=1), datetime.now(UTC) + timedelta(days=1)
    for passes in ({"IfMatch": etag}, {"IfNoneMatch": '"other"'}, {"IfModifiedSince": past}, {"IfUnmodifiedSince": future}):
        assert s3.get_object(Bucket=bucket, Key="k", **passes)["Body"].read() == b"x"
    # A condition on the ETag overrides the one on the time.
    assert s3.get_object(Bucket=bucket, Key="k", IfMatch=etag, IfUnmodifiedSince=past)["Body"].read() == b"x"
    for failing in ({"IfNoneMatch": etag}, {"IfModifiedSince": future}, {"IfNoneMatch": etag, "IfModifiedSince": past}):
        with refused("304", 304):
            s3.get_object(Bucket=bucket, Key="k", **failing)
    for failing in ({"IfMatch": '"other"'}, {"IfUnmodifiedSince": past}):
        with refused("PreconditionFailed", 412):
            s3.get_object(Bucket=bucket, Key="k", **failing)
        with refused("412", 412):
            s3.head_object(Bucket=bucket, Key="k", **failing)


def test_conditional_writes_and_deletes(s3, bucket, refused):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"1", IfNoneMatch="*")["ETag"]
    with refused("PreconditionFailed", 412):
        s3.put_object(Bucket=bucket, Key="k", Body=b"2", IfNoneMatch="*")
    with refused("PreconditionFailed", 412):
        s3.put_object(Bucket=bucket, Key="k", Body=b"2", IfMatch='"other"')
    with refused("NoSuchKey", 404):
        s3.put_object(Bucket=bucket, Key="missing", Body=b"2", IfMatch=etag)
    with refused("NotImplemented", 501):
        s3.put_object(Bucket=bucket, Key="k", Body=b"2", IfNoneMatch=etag)
    with refused("PreconditionFailed", 412):
        s3.delete_object(Bucket=bucket, Key="k", IfMatch='"other"')
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"1"
    s3.put_object(Bucket=bucket, Key="k", Body=b"2", IfMatch=etag)
    s3.delete_object(Bucket=bucket, Key="k", IfMatch="*")
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_tags(s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Tagging="team=delays&stage=")
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == [{"Key": "team", "Value": "delays"}, {"Key": "stage", "Value": ""}]
    assert s3.head_object(Bucket=bucket, Key="k")["TagCount"] == 2
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "b c"}]})
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == [{"Key": "a", "Value": "b c"}]
    for bad in ([{"Key": "a", "Value": "1"}] * 2, [{"Key": "aws:x", "Value": "1"}], [{"Key": "a", "Value": "<"}]):
        with refused("InvalidTag", 400):
            s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": bad})
    with refused("BadRequest", 400):
        s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": [{"Key": str(n), "Value": ""} for n in range(11)]})
    s3.delete_object_tagging(Bucket=bucket, Key="k")
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == []
    with refused("NoSuchKey", 404):
        s3.get_object_tagging(Bucket=bucket, Key="missing")


def test_a_copy_keeps_or_replaces(s3, bucket, refused):
    source = {"Bucket": bucket, "Key": "source"}
    s3.put_object(**source, Body=b"body", Metadata={"a": "1"}, ContentType="text/csv", Tagging="t=1", StorageClass="STANDARD_IA")
    s3.copy_object(Bucket=bucket, Key="kept", CopySource=source)
    kept = s3.get_object(Bucket=bucket, Key="kept")
    assert (kept["Body"].read(), kept["Metadata"], kept["ContentType"], kept["TagCount"]) == (b"body", {"a": "1"}, "text/csv", 1)
    assert "StorageClass" not in kept  # a copy's class comes from the copy request
    replaced = {"MetadataDirective": "REPLACE", "Metadata": {"b": "2"}, "TaggingDirective": "REPLACE", "Tagging": "u=2"}
    s3.copy_object(Bucket=bucket, Key="new", CopySource=source, **replaced)
    new = s3.get_object(Bucket=bucket, Key="new")
    assert (new["Metadata"], new["ContentType"]) == ({"b": "2"}, "binary/octet-stream")
    assert s3.get_object_tagging(Bucket=bucket, Key="new")["TagSet"] == [{"Key": "u", "Value": "2"}]
    with refused("InvalidRequest", 400):
        s3.copy_object(**source, CopySource=source)
    s3.copy_object(**source, CopySource=source, MetadataDirective="REPLACE", Metadata={"c": "3"})
    assert s3.head_object(**source)["Metadata"] == {"c": "3"}
    s3.delete_object(**source)
    assert s3.get_object(Bucket=bucket, Key="kept")["Body"].read() == b"body"
    with refused("NoSuchKey", 404):
        s3.copy_object(Bucket=bucket, Key="x", CopySource=source)


def test_conditions_on_a_copy_source(s3, bucket, refused):
    etag = s3.put_object(Bucket=bucket, Key="source", Body=b"x")["ETag"]
    source = {"Bucket": bucket, "Key": "source"}
    s3.copy_object(Bucket=bucket, Key="k", CopySource=source, CopySourceIfMatch=etag)
    for failing in (
        {"CopySourceIfNoneMatch": etag},
        {"CopySourceIfMatch": '"x"'},
        {"CopySourceIfModifiedSince": datetime.now(UTC) + timedelta(1)},
    ):
        with refused("PreconditionFailed", 412):
            s3.copy_object(Bucket=bucket, Key="other", CopySource=source, **failing)


def test_encryption_is_what_the_request_or_the_bucket_says(s3, client, bucket, refused):
    kms = client("kms")
    key = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName=f"alias/{bucket}", TargetKeyId=key["KeyId"])
    assert s3.put_object(Bucket=bucket, Key="k", Body=b"x")["ServerSideEncryption"] == "AES256"
    answer = s3.put_object(Bucket=bucket, Key="k", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=f"alias/{bucket}")
    assert (answer["ServerSideEncryption"], answer["SSEKMSKeyId"]) == ("aws:kms", key["Arn"])
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key["KeyId"]}, "BucketKeyEnabled": True}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    s3.put_object(Bucket=bucket, Key="k2", Body=b"x")
    head = s3.head_object(Bucket=bucket, Key="k2")
    assert head["SSEKMSKeyId"] == key["Arn"]
    assert head["BucketKeyEnabled"] is True
    with refused("NotSupportedByLocalAws", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", SSECustomerAlgorithm="AES256", SSECustomerKey="0" * 32)


def test_what_is_archived_cannot_be_read(s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="old", Body=b"x", StorageClass="GLACIER")
    assert s3.head_object(Bucket=bucket, Key="old")["StorageClass"] == "GLACIER"
    with refused("InvalidObjectState", 403):
        s3.get_object(Bucket=bucket, Key="old")
    with refused("InvalidStorageClass", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", StorageClass="SNOW")


def test_attributes(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"hello", ChecksumAlgorithm="SHA256")["ETag"]
    wanted = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]
    found = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=wanted)
    assert (found["ETag"], found["ObjectSize"], found["StorageClass"]) == (etag.strip('"'), 5, "STANDARD")
    assert found["Checksum"] == {"ChecksumSHA256": "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=", "ChecksumType": "FULL_OBJECT"}
    assert "ObjectParts" not in found


def test_deleting_many(s3, bucket, refused):
    for key in ("a", "b"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a"}, {"Key": "missing"}, {"Key": "b", "ETag": '"other"'}]})
    assert [entry["Key"] for entry in answer["Deleted"]] == ["a", "missing"]
    assert [(entry["Key"], entry["Code"]) for entry in answer["Errors"]] == [("b", "PreconditionFailed")]
    assert "Deleted" not in s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "b"}], "Quiet": True})
    with refused("MalformedXML", 400):
        s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": str(n)} for n in range(1001)]})


def test_presigned_urls(s3, bucket):
    put = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "k", "ContentType": "text/plain"})
    assert requests.put(put, data=b"by url", headers={"content-type": "text/plain"}, timeout=10).status_code == 200
    get = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k", "ResponseContentType": "text/csv"})
    answer = requests.get(get, timeout=10)
    assert (answer.content, answer.headers["content-type"]) == (b"by url", "text/csv")
    assert requests.get(get.replace("k?", "other?"), timeout=10).status_code == 403
    listing = s3.generate_presigned_url("list_objects_v2", Params={"Bucket": bucket})
    assert "<Key>k</Key>" in requests.get(listing, timeout=10).text


def test_the_expected_owner(s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", ExpectedBucketOwner="123456789012")
    with refused("AccessDenied", 403):
        s3.get_object(Bucket=bucket, Key="k", ExpectedBucketOwner="999999999999")
