"""No service of a sealed local AWS, as submissions have, sends a request to a server that a caller names."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from botocore.exceptions import ClientError

from course.localaws.server import launch
from tests.localaws.boto_clients import client_factory

ROLE = "arn:aws:iam::123456789012:role/SageMakerRole"


class Server(ThreadingHTTPServer):
    """A server of this machine. ``asked`` has the paths of its requests."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), Answering)
        self.url = f"http://127.0.0.1:{self.server_port}"


class Answering(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.server.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_PUT = do_POST

    def log_message(self, *parts: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def make() -> Iterator[Callable[[str], Any]]:
    with launch.temporary(sealed=True) as handle:
        yield client_factory(handle)


def test_a_server_cannot_subscribe(make: Callable, server: Server) -> None:
    sns = make("sns")
    topic = sns.create_topic(Name="told")["TopicArn"]
    for protocol in ("http", "https"):
        with pytest.raises(ClientError, match=f"NotSupportedByLocalAws.*a subscription by {protocol}"):
            sns.subscribe(TopicArn=topic, Protocol=protocol, Endpoint=f"{server.url}/told")
    sns.publish(TopicArn=topic, Message="anything")
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []
    assert server.asked == []


def test_a_learners_own_local_aws_tells_a_server(local_aws: launch.Handle, server: Server) -> None:
    sns = client_factory(local_aws)("sns")
    topic = sns.create_topic(Name="told")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=f"{server.url}/learner")
    sns.publish(TopicArn=topic, Message="anything")
    assert "/learner" in server.asked
    server.asked.clear()


def test_a_stream_delivers_to_no_server(make: Callable, server: Server) -> None:
    firehose = make("firehose")
    backup = {"RoleARN": ROLE, "BucketARN": "arn:aws:s3:::anything"}
    to = {"EndpointConfiguration": {"Url": f"{server.url}/streamed"}, "S3Configuration": backup}
    firehose.create_delivery_stream(DeliveryStreamName="streamed", HttpEndpointDestinationConfiguration=to)
    with pytest.raises(ClientError, match="NotSupportedByLocalAws.*delivery to an HTTP endpoint"):
        firehose.put_record(DeliveryStreamName="streamed", Record={"Data": b"anything"})
    assert server.asked == []


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("cloudformation", "create_stack", {"StackName": "anything", "TemplateURL": "{}/template"}),
        ("cloudformation", "validate_template", {"TemplateURL": "{}/template"}),
        ("iam", "create_open_id_connect_provider", {"Url": "{}/provider", "ThumbprintList": ["a" * 40]}),
    ],
)
def test_nothing_is_fetched(make: Callable, server: Server, service: str, operation: str, params: dict) -> None:
    filled = {name: value.format(server.url) if isinstance(value, str) else value for name, value in params.items()}
    with contextlib.suppress(ClientError):
        getattr(make(service), operation)(**filled)
    assert server.asked == []
