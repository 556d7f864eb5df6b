"""Signatures: AWS's published examples, and generated requests signed by botocore."""

from __future__ import annotations

import asyncio
import calendar
import time
from urllib.parse import urlsplit

import pytest
from botocore.auth import HmacV1QueryAuth, S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import example, given
from hypothesis import strategies as st

from course.localaws.core.errors import AwsError
from course.localaws.gateway import sigv2, sigv4
from course.localaws.gateway.chunked import ChunkSigner, decoded
from course.localaws.gateway.refusals import RequestRefused
from course.localaws.gateway.sigv4 import RequestHead

# The key pair in AWS's documentation.
ACCESS_KEY = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
S3_SCOPE = f"{ACCESS_KEY}/20130524/us-east-1/s3/aws4_request"


def head(method: str, url: str, headers: dict[str, str]) -> RequestHead:
    parts = urlsplit(url)
    lower = {name.lower(): value for name, value in headers.items()}
    return RequestHead(method, parts.path.encode("latin-1") or b"/", parts.query.encode("latin-1"), {"host": parts.netloc} | lower)


# --- AWS's published examples -----------------------------------------------------------------------------------------


def test_example_of_the_general_reference():
    signed = "content-type;host;x-amz-date"
    value = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
    request = head(
        "GET",
        "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08",
        {
            "content-type": "application/x-www-form-urlencoded; charset=utf-8",
            "x-amz-date": "20150830T123600Z",
            "authorization": "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
            f"SignedHeaders={signed}, Signature={value}",
        },
    )
    signature = sigv4.read(request)
    assert signature.declared_payload(request) is None
    assert signature.matches(request, sigv4.EMPTY_HASH, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    assert not signature.matches(request, sigv4.EMPTY_HASH, "another secret")


@pytest.mark.parametrize(
    ("method", "url", "headers", "value"),
    [
        (
            "GET",
            "https://examplebucket.s3.amazonaws.com/test.txt",
            {"range": "bytes=0-9", "x-amz-content-sha256": sigv4.EMPTY_HASH},
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
        (
            "GET",
            "https://examplebucket.s3.amazonaws.com/?lifecycle",
            {"x-amz-content-sha256": sigv4.EMPTY_HASH},
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
        ),
        (
            "GET",
            "https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J",
            {"x-amz-content-sha256": sigv4.EMPTY_HASH},
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
    ],
)
def test_examples_of_the_s3_reference(method, url, headers, value):
    headers["x-amz-date"] = "20130524T000000Z"
    signed = ";".join(sorted(["host", *headers]))
    headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={S3_SCOPE},SignedHeaders={signed},Signature={value}"
    request = head(method, url, headers)
    signature = sigv4.read(request)
    assert signature.matches(request, signature.declared_payload(request), SECRET)


def test_presigned_example_of_the_s3_reference():
    request = head(
        "GET",
        "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
        f"&X-Amz-Credential={S3_SCOPE.replace('/', '%2F')}&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
        "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
        {},
    )
    signature = sigv4.read(request)
    assert signature.matches(request, signature.declared_payload(request), SECRET)
    start = calendar.timegm((2013, 5, 24, 0, 0, 0))
    signature.check_time(start + 86399)
    with pytest.raises(RequestRefused) as refused:
        signature.check_time(start + 86401)
    assert refused.value.reason == "presigned expired"


CHUNKS = (
    (65536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
    (1024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
    (0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
)


def chunked_example() -> RequestHead:
    headers = {
        "content-encoding": "aws-chunked",
        "content-length": "66824",
        "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "x-amz-date": "20130524T000000Z",
        "x-amz-decoded-content-length": "66560",
        "x-amz-storage-class": "REDUCED_REDUNDANCY",
    }
    signed = ";".join(sorted(["host", *headers]))
    value = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
    headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={S3_SCOPE},SignedHeaders={signed},Signature={value}"
    return head("PUT", "https://s3.amazonaws.com/examplebucket/chunkObject.txt", headers)


def wire(chunks=CHUNKS, letter: bytes = b"a") -> bytes:
    return b"".join(b"%x;chunk-signature=%s\r\n%s\r\n" % (size, value.encode(), letter * size) for size, value in chunks)


def decode(body: bytes, request: RequestHead, signer: ChunkSigner | None, piece: int = 4096) -> tuple[bytes, dict[str, str]]:
    async def arriving():
        for start in range(0, len(body), piece):
            yield body[start : start + piece]

    async def run():
        trailers: dict[str, str] = {}
        declared = request.headers["x-amz-content-sha256"]
        return b"".join([part async for part in decoded(arriving(), declared, request, signer, trailers)]), trailers

    return asyncio.run(run())


@pytest.mark.parametrize("piece", [1, 7, 1000, 65536, 100_000])
def test_signed_chunks_of_the_s3_reference(piece):
    request = chunked_example()
    signature = sigv4.read(request)
    assert signature.matches(request, signature.declared_payload(request), SECRET)
    body, trailers = decode(wire(), request, ChunkSigner(signature, SECRET), piece)
    assert (body, trailers) == (b"a" * 66560, {})


def test_a_changed_chunk_is_refused():
    request = chunked_example()
    with pytest.raises(RequestRefused) as refused:
        decode(wire(letter=b"b"), request, ChunkSigner(sigv4.read(request), SECRET))
    assert refused.value.reason == "signature"


def test_a_left_out_chunk_is_refused():
    request = chunked_example()
    with pytest.raises(RequestRefused):
        decode(wire(CHUNKS[:1] + CHUNKS[2:]), request, ChunkSigner(sigv4.read(request), SECRET))


def test_signed_trailer_of_the_s3_reference():
    # "Including trailing headers": the same body, followed by a CRC32C.
    headers = {
        "content-encoding": "aws-chunked",
        "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
        "x-amz-date": "20130524T000000Z",
        "x-amz-decoded-content-length": "66560",
        "x-amz-storage-class": "REDUCED_REDUNDANCY",
        "x-amz-trailer": "x-amz-checksum-crc32c",
    }
    signed = ";".join(sorted(["host", *headers]))
    value = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"
    headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={S3_SCOPE},SignedHeaders={signed},Signature={value}"
    request = head("PUT", "https://s3.amazonaws.com/examplebucket/chunkObject.txt", headers)
    signature = sigv4.read(request)
    assert signature.matches(request, signature.declared_payload(request), SECRET)
    chunks = (
        (65536, "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2"),
        (1024, "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7"),
    )
    end = b"0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n"
    checksum = b"x-amz-checksum-crc32c:sOO8/Q==\r\n"
    value = b"d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435"
    body, trailers = decode(
        wire(chunks) + end + checksum + b"x-amz-trailer-signature:" + value + b"\r\n\r\n", request, ChunkSigner(signature, SECRET)
    )
    assert (len(body), trailers) == (66560, {"x-amz-checksum-crc32c": "sOO8/Q=="})
    for forged in (checksum.replace(b"sOO8", b"sOO9") + b"x-amz-trailer-signature:" + value + b"\r\n\r\n", checksum + b"\r\n"):
        with pytest.raises(RequestRefused):
            decode(wire(chunks) + end + forged, request, ChunkSigner(signature, SECRET))


# --- unsigned streams -------------------------------------------------------------------------------------------------

UNSIGNED_STREAM = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"


@given(st.lists(st.binary(min_size=1, max_size=300), max_size=5), st.integers(1, 50))
@example([b"\r\n0\r\n\r\n"], 1)
def test_any_body_survives_the_chunked_encoding(parts, piece):
    body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\nx-amz-checksum-crc32: AAAA== \r\n\r\n"
    plain = b"".join(parts)
    request = head("PUT", "http://h/b/k", {"x-amz-content-sha256": UNSIGNED_STREAM, "x-amz-decoded-content-length": str(len(plain))})
    assert decode(body, request, None, piece) == (plain, {"x-amz-checksum-crc32": "AAAA=="})


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "IncompleteBody"),
        (b"5\r\nabc", "IncompleteBody"),
        (b"3\r\nabc\r\n", "IncompleteBody"),
        (b"3\r\nabcd\r\n0\r\n\r\n", "InvalidChunk"),
        (b"-3\r\nabc\r\n0\r\n\r\n", "InvalidChunk"),
        (b"0x3\r\nabc\r\n0\r\n\r\n", "InvalidChunk"),
        (b"\r\n", "InvalidChunk"),
        (b"x" * 100_000, "InvalidChunk"),
        (b"2\r\nab\r\n0\r\n\r\n", "IncompleteBody"),  # shorter than x-amz-decoded-content-length
    ],
)
def test_a_malformed_chunked_body_is_an_error(body, code):
    request = head("PUT", "http://h/b/k", {"x-amz-content-sha256": UNSIGNED_STREAM, "x-amz-decoded-content-length": "3"})
    with pytest.raises(AwsError) as error:
        decode(body, request, None)
    assert error.value.code == code


def test_an_unknown_kind_of_payload_is_an_error():
    request = head("PUT", "http://h/b/k", {"x-amz-content-sha256": "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"})
    with pytest.raises(AwsError) as error:
        decode(b"", request, None)
    assert error.value.code == "InvalidArgument"


# --- generated requests, signed by botocore ---------------------------------------------------------------------------

CREDENTIALS = Credentials(ACCESS_KEY, SECRET, "a token")
keys = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=20)
odd_keys = st.one_of(keys, st.sampled_from(["a//b", "/a", "a/../b", "./a", "a b+c", "ü%2F?", "~-_.!*'()", "a/", "..", "%41"]))
values = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)


def encoded(key: str) -> str:
    from botocore.utils import percent_encode

    return percent_encode(key, safe="/~")


@given(odd_keys, st.dictionaries(keys, values, max_size=3), values)
def test_what_botocore_signs_for_s3_matches(key, parameters, meta):
    request = AWSRequest("PUT", f"http://127.0.0.1:1/bucket/{encoded(key)}", {"x-amz-meta-a": meta, "X-Amz-Tagging": "  a   b "}, b"data")
    request.params = parameters
    S3SigV4Auth(CREDENTIALS, "s3", "us-east-1").add_auth(request)
    _check(request.prepare(), "s3")


@given(st.lists(odd_keys, min_size=1, max_size=3), st.dictionaries(keys, values, max_size=3), st.binary(max_size=20))
def test_what_botocore_signs_for_other_services_matches(segments, parameters, body):
    path = "/".join(encoded(segment) for segment in segments)
    request = AWSRequest("POST", f"http://127.0.0.1:1/{path}", {"Content-Type": "application/json"}, body)
    request.params = parameters
    SigV4Auth(CREDENTIALS, "lambda", "us-east-1").add_auth(request)
    prepared = request.prepare()
    _check(prepared, "lambda", sigv4.hashlib.sha256(body).hexdigest())


@given(odd_keys, st.dictionaries(keys, values, max_size=3))
def test_what_botocore_presigns_matches(key, parameters):
    request = AWSRequest("GET", f"http://127.0.0.1:1/bucket/{encoded(key)}", {}, b"")
    request.params = parameters
    S3SigV4QueryAuth(CREDENTIALS, "s3", "us-east-1", expires=60).add_auth(request)
    _check(request.prepare(), "s3")


def _check(prepared, service: str, payload: str | None = None) -> None:
    seen = head(prepared.method, prepared.url, {name: _text(value) for name, value in prepared.headers.items()})
    signature = sigv4.read(seen)
    assert (signature.access_key, signature.service, signature.token) == (ACCESS_KEY, service, "a token")
    signature.check_time(time.time())
    signature.check_coverage(seen)
    payload = payload or signature.declared_payload(seen)
    assert signature.matches(seen, payload, SECRET)
    assert not signature.matches(RequestHead("DELETE", seen.path, seen.query, seen.headers), payload, SECRET)
    assert not signature.matches(RequestHead(seen.method, seen.path + b"x", seen.query, seen.headers), payload, SECRET)
    assert not signature.matches(RequestHead(seen.method, seen.path, seen.query + b"&acl", seen.headers), payload, SECRET)


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("latin-1")


@given(odd_keys, st.sampled_from([{}, {"versionId": "3"}, {"response-content-type": "text/csv; a=b"}, {"acl": "", "marker": "x"}]))
def test_what_botocore_presigns_with_version_2_matches(key, parameters):
    url = f"http://127.0.0.1:1/bucket/{encoded(key)}"
    query = "&".join(f"{name}={encoded(value)}" if value else name for name, value in parameters.items())
    request = AWSRequest("GET", f"{url}?{query}" if query else url, {"x-amz-meta-a": "b"}, b"")
    HmacV1QueryAuth(CREDENTIALS, expires=60).add_auth(request)
    seen = head("GET", request.url, {})
    signature = sigv2.read(seen)
    assert (signature.access_key, signature.token) == (ACCESS_KEY, "a token")
    signature.check_time(time.time())
    assert signature.matches(seen, SECRET)
    assert not signature.matches(RequestHead("PUT", seen.path, seen.query, seen.headers), SECRET)
    assert not signature.matches(RequestHead("GET", seen.path, seen.query + b"&delete", seen.headers), SECRET)


# --- refusals ---------------------------------------------------------------------------------------------------------

GOOD = {
    "x-amz-date": "20130524T000000Z",
    "authorization": f"AWS4-HMAC-SHA256 Credential={S3_SCOPE},SignedHeaders=host,Signature={'0' * 64}",
}


@pytest.mark.parametrize(
    "change",
    [
        {"authorization": "Basic dXNlcjpwYXNz"},
        {"authorization": "AWS4-HMAC-SHA256 Credential=a/b"},
        {"authorization": GOOD["authorization"].replace("aws4_request", "aws5_request")},
        {"authorization": GOOD["authorization"].replace("Signature=", "Signature=XYZ")},
        {"x-amz-date": None},
    ],
)
def test_a_malformed_signature_is_refused(change):
    headers = {name: value for name, value in (GOOD | change).items() if value is not None}
    with pytest.raises(RequestRefused) as refused:
        sigv4.read(head("GET", "http://h/", headers))
    assert refused.value.reason == "malformed"


@pytest.mark.parametrize("query", ["X-Amz-Algorithm=AWS4-HMAC-SHA256", "X-Amz-Algorithm=AWS4-ECDSA-P256-SHA256", "AWSAccessKeyId=A"])
def test_half_a_presigned_url_is_malformed(query):
    seen = head("GET", f"http://h/b/k?{query}", {})
    with pytest.raises(RequestRefused) as refused:
        assert sigv4.read(seen) or sigv2.read(seen)
    assert refused.value.reason == "malformed"


@pytest.mark.parametrize(("offset", "reason"), [(-16 * 60, "expired"), (16 * 60, "expired"), (-14 * 60, None), (14 * 60, None)])
def test_a_signature_holds_for_fifteen_minutes_around_its_time(offset, reason):
    signature = sigv4.read(head("GET", "http://h/", GOOD))
    now = calendar.timegm((2013, 5, 24, 0, 0, 0)) - offset
    if reason is None:
        signature.check_time(now)
        return
    with pytest.raises(RequestRefused) as refused:
        signature.check_time(now)
    assert refused.value.reason == reason


@pytest.mark.parametrize("stamp", ["20130524", "20130525T000000Z", "20131324T000000Z", "nonsense"])
def test_a_time_stamp_that_does_not_fit_is_malformed(stamp):
    signature = sigv4.read(head("GET", "http://h/", GOOD | {"x-amz-date": stamp}))
    with pytest.raises(RequestRefused) as refused:
        signature.check_time(time.time())
    assert refused.value.reason == "malformed"


def test_what_s3_wants_signed_must_be_signed():
    seen = head("GET", "http://h/b/k", GOOD | {"x-amz-acl": "public-read"})
    with pytest.raises(RequestRefused) as refused:
        sigv4.read(seen).check_coverage(seen)
    assert (refused.value.reason, refused.value.detail) == ("unsigned headers", "x-amz-date, x-amz-acl")
