"""The gateway over real HTTP with real SDK clients, in front of a service whose behaviour each test sets."""

from __future__ import annotations

import http.client
import io
import logging
import socket
import threading
import urllib.error
import urllib.request
from types import SimpleNamespace

import pytest
import uvicorn
from botocore import UNSIGNED
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import ClientError
from starlette.responses import Response

from course.localaws.core.call import Principal
from course.localaws.core.clock import Clock
from course.localaws.core.credentials import Credential, new_credential
from course.localaws.core.errors import AwsError, not_supported
from course.localaws.gateway.gateway import SMALL_BODY, Gateway
from course.localaws.gateway.request_log import RequestLog
from course.localaws.gateway.sigv4 import RequestHead
from course.localaws.protocol import protocols
from tests.localaws.boto_clients import session_with_keys

ROLE = "arn:aws:sts::123456789012:assumed-role/Administrator/learner"
USER = "arn:aws:iam::123456789012:user/ada"
REGION = "eu-central-1"


class Front:
    """A gateway on a free port, the service behind it (`behave`), and its known keys."""

    def __init__(self, folder) -> None:
        self.clock = Clock()
        self.role = new_credential(ROLE)
        self.user = new_credential(USER, temporary=False)
        self.ended = new_credential(ROLE, expires=self.clock.now() - 1)
        known = {credential.principal.access_key: credential for credential in (self.role, self.user, self.ended)}
        self.log = RequestLog(folder / "requests.db", self.clock)
        identity = SimpleNamespace(secret=known.get)
        platform = SimpleNamespace(sealed=None, state=folder, clock=self.clock, requests=self.log, identity=identity)
        self.platform = platform
        self.calls: list = []
        self.behave = _answer
        self._server = uvicorn.Server(uvicorn.Config(Gateway(platform, {}, self._serve), http="httptools", lifespan="off", log_config=None))
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]})

    def __enter__(self) -> Front:
        self._socket.listen()  # connections wait here until the server runs
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._server.should_exit = True
        self._thread.join()
        self.log.shutdown()

    async def _serve(self, call) -> Response:
        self.calls.append(call)
        return await self.behave(call)

    def client(self, service: str, credential: Credential | None = None, **config):
        credential = credential or self.role
        session = session_with_keys(credential.principal.access_key, credential.secret, credential.token or None, REGION)
        config.setdefault("retries", {"total_max_attempts": 1})
        return session.client(service, endpoint_url=self.endpoint, config=Config(inject_host_prefix=False, **config))


async def _answer(call) -> Response:
    await call.body()
    return Response(b"", headers={"etag": '"0"'})


def fails(error: Exception):
    async def behave(call) -> Response:
        raise error

    return behave


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with Front(tmp_path_factory.mktemp("front")) as front:
        yield front


@pytest.fixture
def front(running):
    running.behave = _answer
    running.calls.clear()
    running.log.reset()
    return running


# One operation for each protocol and each form of its errors.
ASKS = {
    "sqs": lambda client: client.list_queues(),
    "dynamodb": lambda client: client.list_tables(),
    "sagemaker": lambda client: client.list_models(),
    "sagemaker-runtime": lambda client: client.invoke_endpoint(EndpointName="e", Body=b"1,2"),
    "lambda": lambda client: client.list_functions(),
    "sts": lambda client: client.get_caller_identity(),
    "ec2": lambda client: client.describe_instances(),
    "s3": lambda client: client.list_buckets(),
    "route53": lambda client: client.list_hosted_zones(),
    "cloudwatch": lambda client: client.list_metrics(),
    "codepipeline": lambda client: client.list_pipelines(),
}
SIGNING_NAMES = {"sagemaker-runtime": "sagemaker", "cloudwatch": "monitoring"}


def refused(ask) -> dict:
    with pytest.raises(ClientError) as error:
        ask()
    response = error.value.response
    return {**response["Error"], "Status": response["ResponseMetadata"]["HTTPStatusCode"]}


@pytest.mark.parametrize("service", ASKS)
def test_an_error_reads_the_same_in_every_protocol(front, service):
    front.behave = fails(AwsError("ResourceInUse", 'The name "délais <1>" & others are taken.', 409))
    error = refused(lambda: ASKS[service](front.client(service)))
    assert (error["Code"], error["Message"], error["Status"]) == ("ResourceInUse", 'The name "délais <1>" & others are taken.', 409)


def test_modelled_members_of_an_error_arrive(front):
    front.behave = fails(
        AwsError("ModelError", "Received server error (500) from primary", 424, OriginalStatusCode=500, OriginalMessage="bad")
    )
    with pytest.raises(ClientError) as error:
        front.client("sagemaker-runtime").invoke_endpoint(EndpointName="e", Body=b"1")
    assert (error.value.response["OriginalStatusCode"], error.value.response["OriginalMessage"]) == (500, "bad")
    assert type(error.value).__name__ == "ModelError"


def test_headers_of_an_error_arrive(front):
    error = AwsError("NoSuchKey", "The specified key does not exist.", 404, Key="k")
    error.headers["x-amz-delete-marker"] = "true"
    front.behave = fails(error)
    with pytest.raises(ClientError) as raised:
        front.client("s3").get_object(Bucket="b", Key="k")
    assert raised.value.response["ResponseMetadata"]["HTTPHeaders"]["x-amz-delete-marker"] == "true"
    assert raised.value.response["Error"]["Key"] == "k"


@pytest.mark.parametrize("service", ASKS)
def test_our_own_error_is_an_internal_failure_with_its_traceback_in_the_log_only(front, service, caplog):
    front.behave = fails(KeyError("secret detail"))
    with caplog.at_level(logging.ERROR):
        error = refused(lambda: ASKS[service](front.client(service)))
    assert error["Status"] == 500
    assert error["Code"] == ("InternalError" if service.startswith("s3") else "InternalFailure")
    assert "KeyError" in error["Message"] and "server.log" in error["Message"] and "Traceback" not in error["Message"]
    assert "in behave" in caplog.text  # the traceback


def test_a_full_disk_is_named(front):
    front.behave = fails(OSError(28, "No space left on device"))
    assert "No space is left on the disk" in refused(lambda: front.client("s3").list_buckets())["Message"]


@pytest.mark.parametrize("error", [KeyError("bug"), OSError(28, "No space left on device")])
def test_the_local_aws_of_a_submission_does_not_say_where_its_state_is(front, error, tmp_path, monkeypatch):
    monkeypatch.setattr(front.platform, "sealed", tmp_path / "socket")
    front.behave = fails(error)
    said = refused(lambda: front.client("s3").list_buckets())["Message"]
    assert str(front.platform.state) not in said and ("its log has the details" in said or "No space is left" in said)


def test_an_unsupported_operation_is_not_retried(front):
    front.behave = fails(not_supported("sqs", "ListQueues"))
    error = refused(lambda: front.client("sqs", retries={"total_max_attempts": 3}).list_queues())
    assert error["Code"] == "NotSupportedByLocalAws"
    assert len(front.calls) == 1


# --- signatures -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("service", ASKS)
def test_a_good_signature_passes_with_its_caller(front, service):
    front.behave = fails(AwsError("Seen", "seen"))
    refused(lambda: ASKS[service](front.client(service)))
    call = front.calls[-1]
    assert (call.service, call.region) == (SIGNING_NAMES.get(service, service), REGION)
    assert call.principal == Principal("123456789012", ROLE, front.role.principal.access_key)


def test_long_term_keys_pass_without_a_token(front):
    front.client("s3", front.user).put_object(Bucket="b", Key="k", Body=b"x")
    assert front.calls[-1].principal.arn == USER


WRONG_SECRET = {
    "sqs": ("InvalidSignatureException", 400),
    "sagemaker-runtime": ("InvalidSignatureException", 403),
    "sts": ("SignatureDoesNotMatch", 403),
    "ec2": ("AuthFailure", 401),
    "s3": ("SignatureDoesNotMatch", 403),
    "route53": ("SignatureDoesNotMatch", 403),
    "cloudwatch": ("InvalidSignatureException", 400),
}
UNKNOWN_KEY = {
    "sqs": ("UnrecognizedClientException", 400),
    "sagemaker-runtime": ("UnrecognizedClientException", 403),
    "sts": ("InvalidClientTokenId", 403),
    "ec2": ("AuthFailure", 401),
    "s3": ("InvalidAccessKeyId", 403),
    "route53": ("InvalidClientTokenId", 403),
    "cloudwatch": ("UnrecognizedClientException", 400),
}
WRONG_TOKEN = UNKNOWN_KEY | {"s3": ("InvalidToken", 400)}
ENDED = {
    "sqs": ("ExpiredTokenException", 400),
    "sagemaker-runtime": ("ExpiredTokenException", 403),
    "sts": ("ExpiredToken", 403),
    "ec2": ("RequestExpired", 400),
    "s3": ("ExpiredToken", 400),
}
SKEWED = {
    "sqs": ("InvalidSignatureException", 400),
    "sagemaker-runtime": ("InvalidSignatureException", 403),
    "sts": ("SignatureDoesNotMatch", 403),
    "ec2": ("RequestExpired", 400),
    "s3": ("RequestTimeTooSkewed", 403),
}
MISSING = {
    "sqs": ("MissingAuthenticationTokenException", 400),
    "sts": ("MissingAuthenticationToken", 403),
    "s3": ("AccessDenied", 403),
    "cloudwatch": ("MissingAuthenticationTokenException", 400),
}


def seen(error: dict) -> tuple[str, int]:
    assert error["Message"]
    return error["Code"], error["Status"]


@pytest.mark.parametrize("service", WRONG_SECRET)
def test_a_wrong_secret_is_refused(front, service):
    wrong = Credential("x" * 40, front.role.principal, front.role.token)
    assert seen(refused(lambda: ASKS[service](front.client(service, wrong)))) == WRONG_SECRET[service]
    assert not front.calls


@pytest.mark.parametrize("service", UNKNOWN_KEY)
def test_an_unknown_key_is_refused(front, service):
    assert seen(refused(lambda: ASKS[service](front.client(service, new_credential(ROLE))))) == UNKNOWN_KEY[service]


@pytest.mark.parametrize("service", WRONG_TOKEN)
@pytest.mark.parametrize("token", ["another", ""])
def test_a_wrong_session_token_is_refused(front, service, token):
    wrong = Credential(front.role.secret, front.role.principal, token)
    assert seen(refused(lambda: ASKS[service](front.client(service, wrong)))) == WRONG_TOKEN[service]


@pytest.mark.parametrize("service", ENDED)
def test_an_expired_session_is_refused(front, service):
    assert seen(refused(lambda: ASKS[service](front.client(service, front.ended)))) == ENDED[service]


@pytest.mark.parametrize("service", SKEWED)
def test_a_clock_twenty_minutes_off_is_refused(front, service, monkeypatch):
    import datetime

    import botocore.auth

    late = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=20)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda remove_tzinfo=True: late.replace(tzinfo=None))
    assert seen(refused(lambda: ASKS[service](front.client(service)))) == SKEWED[service]


def test_advancing_the_clock_expires_no_signature(front):
    front.clock.advance(24 * 3600)
    front.client("s3").put_object(Bucket="b", Key="k", Body=b"x")


@pytest.mark.parametrize("service", MISSING)
def test_an_unsigned_request_is_refused(front, service):
    assert seen(refused(lambda: ASKS[service](front.client(service, signature_version=UNSIGNED)))) == MISSING[service]


def test_another_authorization_is_refused(front):
    request = urllib.request.Request(f"{front.endpoint}/b/k", headers={"Authorization": "Basic dXNlcjpwYXNz"})
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(request)
    assert error.value.code == 400 and b"<Code>AuthorizationHeaderMalformed</Code>" in error.value.read()


# --- bodies -----------------------------------------------------------------------------------------------------------

BODY = bytes(range(256)) * 1000


def keeps(store: list):
    async def behave(call) -> Response:
        store.append(b"".join([piece async for piece in call.chunks]))
        store.append(dict(call.trailers))
        return Response(b"", headers={"etag": '"0"'})

    return behave


@pytest.mark.parametrize("body", [BODY, b"", io.BytesIO(BODY)], ids=["bytes", "empty", "file"])
def test_an_object_arrives_as_it_was_sent(front, body):
    front.behave = keeps(kept := [])
    front.client("s3").put_object(Bucket="b", Key="a//../ü ?%+key", Body=body)
    assert kept[0] == (b"" if body == b"" else BODY)


def _signed(front: Front, secret: str, declared: str, **headers: str) -> dict[str, str]:
    """The headers of a PUT of ``/b/k`` whose signature is for the body's hash ``declared``."""
    from botocore.auth import S3SigV4Auth
    from botocore.credentials import Credentials

    request = AWSRequest("PUT", f"{front.endpoint}/b/k", {"X-Amz-Content-SHA256": declared} | headers, b"")
    auth = S3SigV4Auth(Credentials(front.role.principal.access_key, secret, front.role.token), "s3", REGION)
    auth.payload = lambda request: declared
    auth.add_auth(request)
    return dict(request.headers)


def _put(front, declared: str, body: bytes, change=lambda data: data, **headers) -> tuple[int, bytes]:
    """PUT an object that is signed for ``declared``, but send ``change(body)``."""
    connection = http.client.HTTPConnection("127.0.0.1", front.port)
    connection.request("PUT", "/b/k", change(body), _signed(front, front.role.secret, declared, **headers))
    response = connection.getresponse()
    answer = response.read()
    connection.close()
    return response.status, answer


def test_an_unsigned_payload_passes(front):
    front.behave = keeps(kept := [])
    assert _put(front, "UNSIGNED-PAYLOAD", BODY)[0] == 200
    assert kept[0] == BODY


def test_a_stream_with_a_trailer_passes_and_shows_it(front):
    front.behave = keeps(kept := [])
    body = b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n"
    status, _ = _put(front, "STREAMING-UNSIGNED-PAYLOAD-TRAILER", body, **{"X-Amz-Decoded-Content-Length": "5"})
    assert status == 200
    assert kept == [b"hello", {"x-amz-checksum-crc32": "NhCmhg=="}]


def test_a_body_that_differs_from_the_signed_one_is_refused(front):
    import hashlib

    front.behave = keeps([])
    status, answer = _put(front, hashlib.sha256(BODY).hexdigest(), BODY, change=lambda data: data[:-1] + b"!")
    assert status == 400 and b"<Code>XAmzContentSHA256Mismatch</Code>" in answer


def test_a_changed_body_of_another_service_is_refused(front):
    client = front.client("sqs")
    client.meta.events.register("before-send", lambda request, **_: setattr(request, "body", request.body.replace(b"good", b"evil")))
    assert seen(refused(lambda: client.create_queue(QueueName="good"))) == WRONG_SECRET["sqs"]


def test_a_client_that_leaves_in_the_middle_of_its_body_harms_nobody(front):
    front.behave = keeps([])
    with socket.create_connection(("127.0.0.1", front.port)) as connection:
        connection.sendall(b"PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc")
    front.client("s3").put_object(Bucket="b", Key="k", Body=b"x")


class Waiting:
    """A connection of a client that sends its head with "Expect: 100-continue", and its body once it is asked for it."""

    def __init__(self, front: Front) -> None:
        self._socket = socket.create_connection(("127.0.0.1", front.port), timeout=30)
        self._lines = self._socket.makefile("rb")
        self._front = front

    def __enter__(self) -> Waiting:
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()
        self._socket.close()

    def send_head(self, size: int, secret: str | None = None) -> None:
        headers = _signed(self._front, secret or self._front.role.secret, "UNSIGNED-PAYLOAD")
        headers |= {"Host": f"127.0.0.1:{self._front.port}", "Content-Length": str(size), "Expect": "100-continue"}
        lines = ["PUT /b/k HTTP/1.1", *(f"{name}: {text}" for name, text in headers.items()), "", ""]
        self._socket.sendall("\r\n".join(lines).encode())

    def send(self, body: bytes) -> None:
        self._socket.sendall(body)

    def response(self) -> tuple[int, dict[str, str]]:
        """The status and the headers of the next response, whose body is read."""
        status = int(self._lines.readline().split()[1])
        headers = {}
        while line := self._lines.readline().strip():
            name, _, text = line.decode().partition(":")
            headers[name.lower()] = text.strip()
        self._lines.read(int(headers.get("content-length", 0)))
        return status, headers


def test_a_client_that_waits_is_asked_for_its_body_and_may_use_its_connection_again(front):
    front.behave = keeps(kept := [])
    with Waiting(front) as client:
        for body in (b"one", b"another"):
            client.send_head(len(body))
            assert client.response() == (100, {})
            client.send(body)
            assert client.response()[0] == 200
    assert kept[::2] == [b"one", b"another"]


def test_a_small_body_is_asked_for_before_the_checks_and_not_taken_for_the_next_request(front):
    front.behave = keeps(kept := [])
    with Waiting(front) as client:
        client.send_head(3, secret="wrong")
        assert client.response() == (100, {})
        status, headers = client.response()
        assert status == 403 and "connection" not in headers
        client.send(b"one")
        client.send_head(7)
        assert client.response() == (100, {})
        client.send(b"another")
        assert client.response()[0] == 200
    assert kept[::2] == [b"another"]


def test_a_long_body_is_asked_for_after_the_checks(front):
    front.behave = keeps(kept := [])
    body = bytes(SMALL_BODY + 1)
    with Waiting(front) as client:
        client.send_head(len(body), secret="wrong")
        status, headers = client.response()
        assert status == 403 and headers["connection"] == "close"
    with Waiting(front) as client:
        client.send_head(len(body))
        assert client.response() == (100, {})
        client.send(body)
        assert client.response()[0] == 200
    assert kept[::2] == [body]


def test_a_client_that_leaves_instead_of_sending_its_body_harms_nobody(front, caplog):
    front.behave = keeps(kept := [])
    with Waiting(front) as client:
        client.send_head(3)
        assert client.response() == (100, {})
    front.client("s3").put_object(Bucket="b", Key="k", Body=b"x")
    assert kept[::2] == [b"x"]
    assert not caplog.records


# --- presigned URLs ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["s3v4", "s3", None])
@pytest.mark.parametrize("who", ["role", "user"])
def test_presigned_urls_put_and_get(front, version, who):
    front.behave = keeps(kept := [])
    client = front.client("s3", getattr(front, who), signature_version=version)
    for operation, method, body in (("put_object", "PUT", b"data"), ("get_object", "GET", None)):
        url = client.generate_presigned_url(operation, {"Bucket": "b", "Key": "a b/ü+"}, ExpiresIn=60)
        assert url.startswith(front.endpoint)
        with urllib.request.urlopen(urllib.request.Request(url, body, {"Content-Type": ""} if body else {}, method=method)) as response:
            assert response.status == 200
    assert kept[0] == b"data"
    assert front.calls[-1].service == "s3" and front.calls[-1].principal.arn == getattr(front, who).principal.arn


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_presigned_urls_end_and_bind(front, version):
    client = front.client("s3", signature_version=version)
    url = client.generate_presigned_url("get_object", {"Bucket": "b", "Key": "k"}, ExpiresIn=-10 if version == "s3" else 60)
    cases = (
        {"other": (url.replace("/b/k", "/b/other"), b"SignatureDoesNotMatch")}
        if version == "s3v4"
        else {"ended": (url, b"Request has expired")}
    )
    for changed, expected in cases.values():
        with pytest.raises(urllib.error.HTTPError) as error:
            urllib.request.urlopen(changed)
        assert error.value.code == 403 and expected in error.value.read()


# --- the request log --------------------------------------------------------------------------------------------------


def test_every_request_is_recorded(front):
    async def behave(call) -> Response:
        if call.service == "s3":
            call.operation, call.resource = "PutObject", "b/k"
            return Response(b"")
        raise AwsError("QueueDoesNotExist", "gone", 400)

    front.behave = behave
    front.client("s3").put_object(Bucket="b", Key="k", Body=b"x")
    refused(lambda: front.client("sqs").list_queues())
    refused(lambda: front.client("sts", new_credential(ROLE)).get_caller_identity())
    refused(lambda: front.client("lambda").list_functions())
    front.behave = fails(AwsError("X", "x"))
    refused(lambda: front.client("ec2").describe_instances())
    events = [(e["caller"], e["service"], e["operation"], e["resource"], e["status"], e["error"]) for e in front.log.events()]
    assert events == [
        (ROLE, "s3", "PutObject", "b/k", 200, ""),
        (ROLE, "sqs", "ListQueues", "", 400, "QueueDoesNotExist"),
        ("unknown", "sts", "POST /", "", 403, "InvalidClientTokenId"),
        (ROLE, "lambda", "GET /2015-03-31/functions", "", 400, "QueueDoesNotExist"),
        (ROLE, "ec2", "DescribeInstances", "", 400, "X"),
    ]
    since = front.log.events()[2]["id"]
    assert [e["service"] for e in front.log.events(since, limit=1)] == ["lambda"]
    assert [e["service"] for e in front.log.events(limit=2)] == ["lambda", "ec2"]


def test_the_request_log_loses_nothing_under_threads(tmp_path):
    log = RequestLog(tmp_path / "requests.db", Clock())
    threads = [threading.Thread(target=lambda n=n: [log.record(f"c{n}", "s3", "GetObject", str(i)) for i in range(500)]) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(log.events(limit=10_000)) == 2000
    log.shutdown()
    again = RequestLog(tmp_path / "requests.db", Clock())
    again.record("c", "s3", "GetObject")
    assert [e["id"] for e in again.events(since=1999)] == [e["id"] for e in again.events(limit=2)] == [2000, 2001]
    again.shutdown()


def test_answers_carry_the_request_id_of_the_call(front):
    response = front.client("s3").put_object(Bucket="b", Key="k", Body=b"x")
    assert response["ResponseMetadata"]["HTTPHeaders"]["x-amzn-requestid"] == front.calls[-1].id


# --- protocols --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "service",
    [
        "s3",
        "cloudfront",
        "route53",
        "ec2",
        "iam",
        "sts",
        "rds",
        "sns",
        "elasticache",
        "sqs",
        "dynamodb",
        "kinesis",
        "logs",
        "events",
        "kms",
        "glue",
        "athena",
        "lambda",
        "apigateway",
        "batch",
        "sagemaker",
        "sagemaker-runtime",
        "sagemaker-featurestore-runtime",
        "sagemaker-metrics",
        "cloudwatch",
        "codebuild",
        "codepipeline",
        "sesv2",
        "stepfunctions",
        "bedrock-runtime",
    ],
)
def test_the_protocol_is_detected_from_the_request_as_botocore_models_it(front, service):
    client = front.client(service, parameter_validation=False)
    model = client.meta.service_model
    asked = []

    def stop(request, **_):
        headers = {name.lower(): value if isinstance(value, str) else value.decode() for name, value in request.headers.items()}
        path, _, query = request.url.removeprefix(front.endpoint).partition("?")
        asked.append((RequestHead(request.method, path.encode(), query.encode(), headers), request.body or b""))
        raise InterruptedError

    client.meta.events.register("before-send", stop)
    for name in model.operation_names[:30]:
        with pytest.raises(InterruptedError):
            # Not by the client's methods: botocore has none for an operation that streams in both directions.
            client._make_api_call(name, _least(model.operation_model(name).input_shape) or {})
        head, body = asked.pop()
        protocol = protocols.protocol_of(head, model.signing_name)
        assert protocol == model.resolved_protocol, name
        named = protocols.operation_of(head, protocol, body if isinstance(body, bytes) else body.encode())
        assert named == ("" if protocol.startswith("rest") else name)


def _least(shape):
    """Returns the smallest value that can be serialised for a shape."""
    kind = shape.type_name if shape else "structure"
    if kind == "structure":
        return {name: _least(shape.members[name]) for name in shape.required_members} if shape else {}
    if kind == "string":
        return (shape.enum or ["a" * max(8, shape.metadata.get("min", 0))])[0]
    return {"list": [], "map": {}, "blob": b"", "boolean": True, "timestamp": 0}.get(kind, 1)
