"""Multipart uploads: the parts become the object, byte for byte, or no object is created."""

from __future__ import annotations

import base64
import hashlib
import io
import zlib

import pytest
from boto3.s3.transfer import TransferConfig
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

MIB = 1 << 20
PART = b"0123456789abcdef" * (5 * MIB // 16)


def start(s3, bucket, **settings) -> dict:
    answer = s3.create_multipart_upload(Bucket=bucket, Key="k", **settings)
    return {"Bucket": bucket, "Key": "k", "UploadId": answer["UploadId"]}


def send(s3, upload: dict, bodies: dict[int, bytes]) -> list[dict]:
    return [{"PartNumber": n, "ETag": s3.upload_part(**upload, PartNumber=n, Body=body)["ETag"]} for n, body in bodies.items()]


def complete(s3, upload: dict, parts: list[dict], **more) -> dict:
    return s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": sorted(parts, key=lambda part: part["PartNumber"])}, **more)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(extra=st.lists(st.binary(max_size=40), min_size=1, max_size=3), last=st.binary(max_size=100), data=st.data())
def test_parts_in_any_order_become_the_object(s3, shared_bucket, extra, last, data):
    bodies = [PART + more for more in extra] + [last]
    numbers = sorted(data.draw(st.sets(st.integers(1, 10_000), min_size=len(bodies), max_size=len(bodies))))
    upload = start(s3, shared_bucket)
    parts = send(s3, upload, dict(data.draw(st.permutations(list(zip(numbers, bodies, strict=True))))))
    answer = complete(s3, upload, parts)
    digests = b"".join(hashlib.md5(body).digest() for body in bodies)
    assert answer["ETag"] == f'"{hashlib.md5(digests).hexdigest()}-{len(bodies)}"'
    found = s3.get_object(Bucket=shared_bucket, Key="k")
    assert found["Body"].read() == b"".join(bodies)
    assert found["ETag"] == answer["ETag"]
    for number, body in enumerate(bodies, start=1):
        part = s3.get_object(Bucket=shared_bucket, Key="k", PartNumber=number)
        assert (part["Body"].read(), part["PartsCount"]) == (body, len(bodies))
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=shared_bucket)


def test_the_transfer_manager_round_trips(s3, bucket):
    body = bytes(range(256)) * (80 * 1024)
    config = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB, max_concurrency=4)
    s3.upload_fileobj(io.BytesIO(body), bucket, "big", ExtraArgs={"Metadata": {"a": "b"}}, Config=config)
    target = io.BytesIO()
    s3.download_fileobj(bucket, "big", target, Config=config)
    assert target.getvalue() == body
    assert s3.head_object(Bucket=bucket, Key="big")["Metadata"] == {"a": "b"}
    s3.copy({"Bucket": bucket, "Key": "big"}, bucket, "copy", Config=config)
    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == body


def test_a_part_sent_again_replaces_the_first(s3, bucket):
    upload = start(s3, bucket)
    send(s3, upload, {1: b"first"})
    complete(s3, upload, send(s3, upload, {1: b"second"}))
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"second"


def test_what_cannot_be_completed(s3, bucket, refused):
    upload = start(s3, bucket)
    small, last = send(s3, upload, {1: b"small", 2: b"last"})
    with refused("EntityTooSmall", 400):
        complete(s3, upload, [small, last])
    with refused("InvalidPart", 400):
        complete(s3, upload, [{**small, "ETag": '"0123"'}])
    with refused("InvalidPart", 400):
        complete(s3, upload, [{"PartNumber": 3, "ETag": small["ETag"]}])
    with refused("InvalidPartOrder", 400):
        s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [last, small]})
    with refused("MalformedXML", 400):
        s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": []})
    with refused("InvalidRequest", 400):
        complete(s3, upload, [small], MpuObjectSize=6)
    with refused("InvalidArgument", 400):
        send(s3, upload, {10_001: b"x"})
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    complete(s3, upload, [small], MpuObjectSize=5)
    with refused("NoSuchUpload", 404):
        complete(s3, upload, [small])


def test_conditions_on_completion(s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"there")
    upload = start(s3, bucket)
    parts = send(s3, upload, {1: b"new"})
    with refused("PreconditionFailed", 412):
        complete(s3, upload, parts, IfNoneMatch="*")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"there"
    s3.delete_object(Bucket=bucket, Key="k")
    complete(s3, upload, parts, IfNoneMatch="*")


def test_listing_and_aborting(s3, bucket, refused):
    uploads = [s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"] for key in ("a/1", "a/1", "b")]
    listed = s3.list_multipart_uploads(Bucket=bucket)["Uploads"]
    assert [(entry["Key"], entry["UploadId"]) for entry in listed] == list(zip(("a/1", "a/1", "b"), uploads, strict=True))
    page = s3.list_multipart_uploads(Bucket=bucket, MaxUploads=1)
    assert page["IsTruncated"]
    markers = {"KeyMarker": page["NextKeyMarker"], "UploadIdMarker": page["NextUploadIdMarker"]}
    assert [entry["UploadId"] for entry in s3.list_multipart_uploads(Bucket=bucket, **markers)["Uploads"]] == uploads[1:]
    grouped = s3.list_multipart_uploads(Bucket=bucket, Delimiter="/")
    assert ([p["Prefix"] for p in grouped["CommonPrefixes"]], len(grouped["Uploads"])) == (["a/"], 1)
    one = {"Bucket": bucket, "Key": "b", "UploadId": uploads[2]}
    for number in (3, 1, 2):
        s3.upload_part(**one, PartNumber=number, Body=b"x" * number)
    first = s3.list_parts(**one, MaxParts=2)
    assert ([part["Size"] for part in first["Parts"]], first["IsTruncated"], first["NextPartNumberMarker"]) == ([1, 2], True, 2)
    assert [part["PartNumber"] for part in s3.list_parts(**one, PartNumberMarker=2)["Parts"]] == [3]
    with refused("BucketNotEmpty", 409):
        s3.delete_bucket(Bucket=bucket)
    for key, upload_id in zip(("a/1", "a/1", "b"), uploads, strict=True):
        s3.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload_id)
    with refused("NoSuchUpload", 404):
        s3.list_parts(**one)
    s3.delete_bucket(Bucket=bucket)


def test_parts_copied_from_objects(s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="source", Body=PART)
    source = {"Bucket": bucket, "Key": "source"}
    upload = start(s3, bucket)
    copied = s3.upload_part_copy(**upload, PartNumber=1, CopySource=source)["CopyPartResult"]["ETag"]
    tail = s3.upload_part_copy(**upload, PartNumber=2, CopySource=source, CopySourceRange="bytes=10-19")["CopyPartResult"]["ETag"]
    for bad in ("bytes=0-99999999", "bytes=5-", "bytes=9-3"):
        with refused("InvalidArgument", 400):
            s3.upload_part_copy(**upload, PartNumber=3, CopySource=source, CopySourceRange=bad)
    complete(s3, upload, [{"PartNumber": 1, "ETag": copied}, {"PartNumber": 2, "ETag": tail}])
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == PART + PART[10:20]


def crc32(data: bytes) -> str:
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


def test_the_checksum_of_the_whole(s3, bucket, refused):
    bodies = {1: PART, 2: b"tail"}
    whole = b"".join(bodies.values())
    upload = start(s3, bucket, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    parts = send(s3, upload, bodies)
    with refused("BadDigest", 400):
        complete(s3, upload, parts, ChecksumCRC32=crc32(b"other"), ChecksumType="FULL_OBJECT")
    answer = complete(s3, upload, parts, ChecksumCRC32=crc32(whole), ChecksumType="FULL_OBJECT")
    assert (answer["ChecksumCRC32"], answer["ChecksumType"]) == (crc32(whole), "FULL_OBJECT")
    upload = start(s3, bucket, ChecksumAlgorithm="SHA256")
    parts = [
        part | {"ChecksumSHA256": base64.b64encode(hashlib.sha256(bodies[part["PartNumber"]]).digest()).decode()}
        for part in [
            {"PartNumber": n, "ETag": s3.upload_part(**upload, PartNumber=n, Body=body, ChecksumAlgorithm="SHA256")["ETag"]}
            for n, body in bodies.items()
        ]
    ]
    with refused("InvalidPart", 400):
        complete(s3, upload, [parts[0] | {"ChecksumSHA256": parts[1]["ChecksumSHA256"]}, parts[1]])
    answer = complete(s3, upload, parts)
    digests = b"".join(hashlib.sha256(body).digest() for body in bodies.values())
    assert answer["ChecksumSHA256"] == base64.b64encode(hashlib.sha256(digests).digest()).decode() + "-2"
    found = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ObjectParts", "Checksum"])
    assert [part["ChecksumSHA256"] for part in found["ObjectParts"]["Parts"]] == [part["ChecksumSHA256"] for part in parts]
    assert s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")["Body"].read() == whole


@pytest.mark.parametrize(("algorithm", "kind"), [("SHA1", "FULL_OBJECT"), ("CRC64NVME", "COMPOSITE")])
def test_checksum_types_that_do_not_exist(s3, bucket, refused, algorithm, kind):
    with refused("InvalidRequest", 400):
        start(s3, bucket, ChecksumAlgorithm=algorithm, ChecksumType=kind)
