"""InvokeEndpointWithResponseStream: an answer in pieces, and one that breaks off, by boto3 against a real local AWS."""

from __future__ import annotations

import time

import pytest
from botocore.exceptions import ClientError, EventStreamError
from hypothesis import given
from hypothesis import strategies as st

from course.localaws.sagemaker.hosting.runtime import eventstream
from tests.localaws.sagemaker.hosting.endpoint_fixtures import SKLEARN, EndpointFixtures, script

PIECES = """
import os, signal, time
from flask import Response
def model_fn(model_dir): return 0
def transform_fn(model, data, content_type, accept):
    def pieces():
        for number in range(3):
            yield f"{number},"
            time.sleep(0.4)
        if data == "die":
            os.kill(os.getpid(), signal.SIGKILL)
    if data == "bad":
        return Response("not this", status=400)
    return Response(pieces(), mimetype="text/csv", headers={"X-Amzn-SageMaker-Custom-Attributes": "seen"})
"""


@pytest.fixture(scope="module")
def aws(client):
    aws = EndpointFixtures(client)
    yield aws
    aws.close()


@pytest.fixture(scope="module")
def endpoint(aws) -> str:
    return aws.deploy(script(PIECES), SKLEARN)


def test_the_pieces_come_as_they_are_made(aws, endpoint):
    began = time.monotonic()
    answer = aws.runtime.invoke_endpoint_with_response_stream(EndpointName=endpoint, Body=b"x", ContentType="text/csv")
    came = [(event["PayloadPart"]["Bytes"], time.monotonic() - began) for event in answer["Body"]]
    assert b"".join(piece for piece, _ in came) == b"0,1,2,"
    assert came[-1][1] - came[0][1] > 0.5  # not all at the end
    assert (answer["InvokedProductionVariant"], answer["CustomAttributes"]) == ("AllTraffic", "seen")
    assert answer["ContentType"].startswith("text/csv")


def test_an_answer_that_breaks_off(aws, endpoint):
    answer = aws.runtime.invoke_endpoint_with_response_stream(EndpointName=endpoint, Body=b"die", ContentType="text/csv")
    pieces = []
    with pytest.raises(EventStreamError, match="ModelStreamError"):
        pieces.extend(event["PayloadPart"]["Bytes"] for event in answer["Body"])
    aws.settled(endpoint)


def test_an_answer_that_is_an_error_is_an_error(aws):
    endpoint = aws.deploy(script(PIECES), SKLEARN)
    with pytest.raises(ClientError) as error:
        aws.runtime.invoke_endpoint_with_response_stream(EndpointName=endpoint, Body=b"bad", ContentType="text/csv")
    assert (error.value.response["Error"]["Code"], error.value.response["OriginalStatusCode"]) == ("ModelError", 400)


def test_without_streaming_the_pieces_come_as_one(aws, endpoint):
    from tests.localaws.sagemaker.hosting.endpoint_fixtures import until

    def whole() -> str:
        try:
            return aws.invoke(endpoint, "x")
        except ClientError:  # its server restarts after the previous test
            return ""

    assert until(whole, "the endpoint answers") == "0,1,2,"


@given(st.dictionaries(st.text(max_size=20).map(lambda text: f":{text}"[:60]), st.text(max_size=200), max_size=5), st.binary(max_size=2000))
def test_botocore_reads_what_is_written(headers, payload):
    from botocore.eventstream import EventStreamBuffer

    buffer = EventStreamBuffer()
    buffer.add_data(eventstream.message(headers, payload))
    [message] = list(buffer)
    assert (message.headers, message.payload) == (headers, payload)
