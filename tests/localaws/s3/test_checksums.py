"""Checksums: compared with published check values and zlib, combined from parts, and verified on the wire."""

from __future__ import annotations

import base64
import hashlib
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.localaws.s3 import checksums

# The CRCs of "123456789": the "check" of each algorithm in the catalogue of parametrised CRC algorithms (CRC RevEng).
CHECKS = {"CRC32": 0xCBF43926, "CRC32C": 0xE3069283, "CRC64NVME": 0xAE8B14860A799888}
CRCS = st.sampled_from(sorted(CHECKS))


def of(algorithm: str, *pieces: bytes) -> str:
    checksum = checksums.new(algorithm)
    for piece in pieces:
        checksum.update(piece)
    return checksum.value()


@pytest.mark.parametrize("algorithm", CHECKS)
def test_published_check_values(algorithm):
    assert int.from_bytes(base64.b64decode(of(algorithm, b"123456789")), "big") == CHECKS[algorithm]


@settings(max_examples=60, deadline=None)
@given(algorithm=CRCS, seed=st.binary(min_size=1, max_size=50), sizes=st.lists(st.integers(0, 40_000), min_size=1, max_size=4))
def test_pieces_and_parts_make_the_checksum_of_the_whole(algorithm, seed, sizes):
    """The sizes include those from which the bytes are processed in parallel lanes."""
    data = (seed * (sum(sizes) // len(seed) + 1))[: sum(sizes)]
    ends = [sum(sizes[:n]) for n in range(len(sizes) + 1)]
    pieces = [data[a:b] for a, b in zip(ends, ends[1:], strict=False)]
    whole = of(algorithm, data)
    assert of(algorithm, *pieces) == whole
    assert checksums.combine(algorithm, [(of(algorithm, piece), len(piece)) for piece in pieces]) == whole
    one_by_one = of(algorithm, *(data[n : n + 1000] for n in range(0, len(data), 1000)))
    assert one_by_one == whole
    if algorithm == "CRC32":
        assert whole == base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


def test_a_composite_is_the_checksum_of_the_checksums():
    parts = [of("SHA256", b"a"), of("SHA256", b"b")]
    digests = hashlib.sha256(b"a").digest() + hashlib.sha256(b"b").digest()
    assert checksums.composite("SHA256", parts) == base64.b64encode(hashlib.sha256(digests).digest()).decode() + "-2"


BODY = b"what a client says about its bytes is held against them"


@pytest.mark.parametrize("algorithm", checksums.ALGORITHMS)
def test_a_checksum_header_is_verified_kept_and_returned(s3, bucket, refused, algorithm):
    value = of(algorithm, BODY)
    answer = s3.put_object(Bucket=bucket, Key="k", Body=BODY, **{f"Checksum{algorithm}": value})
    assert (answer[f"Checksum{algorithm}"], answer["ChecksumType"]) == (value, "FULL_OBJECT")
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert head[f"Checksum{algorithm}"] == value
    assert s3.list_objects_v2(Bucket=bucket)["Contents"][0]["ChecksumAlgorithm"] == [algorithm]
    copied = s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "k"})["CopyObjectResult"]
    assert copied[f"Checksum{algorithm}"] == value
    with refused("BadDigest", 400):
        s3.put_object(Bucket=bucket, Key="bad", Body=BODY + b"!", **{f"Checksum{algorithm}": value})
    assert s3.list_objects_v2(Bucket=bucket, Prefix="bad")["KeyCount"] == 0


@pytest.mark.parametrize("algorithm", checksums.ALGORITHMS)
def test_a_checksum_trailer_is_verified(s3, raw, bucket, algorithm):
    """SDKs send streams in chunks, with the checksum after the last one."""
    name = f"x-amz-checksum-{algorithm.lower()}"

    def put(value: str, trailer: str = name):
        data = b"%x\r\n%b\r\n0\r\n%b:%b\r\n\r\n" % (len(BODY), BODY, trailer.encode(), value.encode())
        headers = {
            "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
            "content-encoding": "aws-chunked,gzip",
            "x-amz-trailer": name,
        }
        return raw("PUT", f"/{bucket}/k", data, headers | {"x-amz-decoded-content-length": str(len(BODY))})

    bad = put(of(algorithm, b"other"))
    assert (bad.status_code, "BadDigest" in bad.text) == (400, True), bad.text
    missing = put("x", trailer="x-amz-something-else")
    assert (missing.status_code, "MalformedTrailerError" in missing.text) == (400, True), missing.text
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    good = put(of(algorithm, BODY))
    assert (good.status_code, good.headers[name]) == (200, of(algorithm, BODY))
    found = s3.get_object(Bucket=bucket, Key="k")
    assert (found["Body"].read(), found["ContentEncoding"]) == (BODY, "gzip")


def test_without_a_checksum_s3_computes_crc64nvme(s3, raw, bucket):
    assert raw("PUT", f"/{bucket}/k", BODY).headers["x-amz-checksum-crc64nvme"] == of("CRC64NVME", BODY)
    assert s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")["ChecksumCRC64NVME"] == of("CRC64NVME", BODY)


def test_content_md5(raw, bucket):
    right = base64.b64encode(hashlib.md5(BODY).digest()).decode()
    wrong = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    assert raw("PUT", f"/{bucket}/k", BODY, {"content-md5": right}).status_code == 200
    for value, code in ((wrong, "BadDigest"), ("nonsense", "InvalidDigest")):
        answer = raw("PUT", f"/{bucket}/k", BODY, {"content-md5": value})
        assert (answer.status_code, code in answer.text) == (400, True), answer.text


def test_declarations_that_contradict_themselves(raw, bucket):
    two = {"x-amz-checksum-crc32": of("CRC32", BODY), "x-amz-checksum-sha1": of("SHA1", BODY)}
    nothing = {"x-amz-sdk-checksum-algorithm": "CRC32"}
    for headers in (two, nothing):
        answer = raw("PUT", f"/{bucket}/k", BODY, headers)
        assert (answer.status_code, "InvalidRequest" in answer.text) == (400, True), answer.text
    answer = raw("POST", f"/{bucket}?delete", b"<Delete><Object><Key>k</Key></Object></Delete>")
    assert (answer.status_code, "Content-MD5" in answer.text) == (400, True), answer.text
