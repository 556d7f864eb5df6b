"""Stateful sessions: a custom container keeps state, and its requests go to the same instance of several."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from course.localaws.docker_build import build
from course.localaws.server import launch
from tests.localaws.sagemaker.custom_image_fixtures import write
from tests.localaws.sagemaker.hosting.component_fixtures import ComponentFixtures, needs
from tests.localaws.sagemaker.hosting.endpoint_fixtures import ROLE, echo, fixtures_of

# Counts the requests of each session. HEADER is the header with which it begins a session.
SERVE = """
    #!/usr/bin/env python3
    import json, os, time, uuid
    from http.server import BaseHTTPRequestHandler, HTTPServer

    sessions, me = {}, uuid.uuid4().hex

    class Handler(BaseHTTPRequestHandler):
        def answer(self, value, **headers):
            body = json.dumps(value).encode()
            self.send_response(200)
            for name, text in headers.items():
                self.send_header(name.replace("_", "-"), text)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            self.answer({})

        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            session = self.headers.get("X-Amzn-SageMaker-Session-Id")
            if asked.get("requestType") == "NEW_SESSION":
                assert session == "NEW_SESSION"
                session = str(uuid.uuid4())
                sessions[session] = 0
                ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 600))
                self.answer({"me": me}, HEADER=asked.get("header", f"{session}; Expires={ends}"))
            elif asked.get("requestType") == "CLOSE":
                del sessions[session]
                self.answer({"me": me}, X_Amzn_SageMaker_Closed_Session_Id=session)
            else:
                if session:
                    sessions[session] += 1
                self.answer({"me": me, "count": sessions.get(session)})

    HTTPServer(("0.0.0.0", int(os.environ.get("SAGEMAKER_BIND_TO_PORT", 8080))), Handler).serve_forever()
    """
DOCKERFILE = """
    FROM python:3.11-slim
    ENV PATH="/opt/program:${PATH}"
    COPY program /opt/program
    RUN chmod +x /opt/program/serve
    """
HEADERS = ("X_Amzn_SageMaker_Session_Id", "X_Amzn_SageMaker_New_Session_Id")


class Stateful(ComponentFixtures):
    """Endpoints and components with a model that keeps sessions."""

    def image(self, folder, header: str = HEADERS[0]) -> str:
        files = {"Dockerfile": DOCKERFILE, "program/serve": SERVE.replace("HEADER", header, 1)}
        return build(self.handle, write(folder, files), f"stateful/{uuid.uuid4().hex[:8]}", report_line=print).uri

    def stateful_model(self, image: str) -> str:
        name = self.name("model")
        self.sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer={"Image": image})
        return name

    def say(self, endpoint: str, session: str | None = None, **more: Any) -> tuple[dict, dict]:
        """The model's answer, and the members of the response."""
        component = {"InferenceComponentName": more.pop("component")} if "component" in more else {}
        named = {"SessionId": session} if session else {}
        answer = self.runtime.invoke_endpoint(
            EndpointName=endpoint, Body=json.dumps(more), ContentType="application/json", **named, **component
        )
        return json.loads(answer["Body"].read()), answer

    def begin(self, endpoint: str, **more: Any) -> tuple[str, str]:
        """A new session and its process."""
        body, answer = self.say(endpoint, "NEW_SESSION", requestType="NEW_SESSION", **more)
        session, _, rest = answer["NewSessionId"].partition("; ")
        assert rest.startswith("Expires=20") and "ClosedSessionId" not in answer
        return session, body["me"]


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    handle = launch.start(tmp_path_factory.mktemp("sessions") / "state")
    yield fixtures_of(handle, Stateful)
    handle.stop()


@pytest.fixture(scope="module")
def image(aws, tmp_path_factory):
    return aws.image(tmp_path_factory.mktemp("image"))


@pytest.fixture(scope="module")
def endpoint(aws, image):
    name = aws.create(aws.config({"ModelName": aws.stateful_model(image), "InitialInstanceCount": 3}))
    assert aws.settled(name)["EndpointStatus"] == "InService", aws.settled(name).get("FailureReason")
    return name


def test_a_session_stays_where_it_began_until_it_is_closed(aws, endpoint):
    assert len({aws.say(endpoint)[0]["me"] for _ in range(40)}) == 3  # without a session, any of the three instances answers
    begun = [aws.begin(endpoint) for _ in range(6)]
    for session, place in begun:
        for count in (1, 2, 3):
            body, answer = aws.say(endpoint, session)
            assert body == {"me": place, "count": count} and "NewSessionId" not in answer
    session, place = begun[0]
    body, answer = aws.say(endpoint, session, requestType="CLOSE")
    assert body["me"] == place and answer["ClosedSessionId"] == session
    with pytest.raises(ClientError, match=f"Session {session} not found") as caught:
        aws.say(endpoint, session)
    assert caught.value.response["Error"]["Code"] == "ValidationError"
    assert aws.say(endpoint, begun[1][0])[0]["count"] == 4  # the other sessions continue


def test_a_session_expires_by_the_clock(aws, endpoint):
    session, _ = aws.begin(endpoint)
    aws.handle.advance(500)
    assert aws.say(endpoint, session)[0]["count"] == 1
    later, _ = aws.begin(endpoint)
    aws.handle.advance(200)
    with pytest.raises(ClientError, match="It has expired"):
        aws.say(endpoint, session)
    assert aws.say(endpoint, later)[0]["count"] == 1


def test_a_streamed_answer_belongs_to_its_session_and_cannot_begin_one(aws, endpoint):
    session, place = aws.begin(endpoint)
    streamed = aws.runtime.invoke_endpoint_with_response_stream(EndpointName=endpoint, Body=b"{}", SessionId=session)
    assert json.loads(b"".join(event["PayloadPart"]["Bytes"] for event in streamed["Body"])) == {"me": place, "count": 1}
    with pytest.raises(ClientError, match="NEW_SESSION"):
        aws.runtime.invoke_endpoint_with_response_stream(EndpointName=endpoint, Body=b"{}", SessionId="NEW_SESSION")


def test_what_a_container_says_in_another_form_begins_no_session(aws, endpoint):
    for header in ("", "a b; Expires=2030-01-01T00:00:00Z", "abc", "abc; Expires=2030-13-01T00:00:00"):
        _, answer = aws.say(endpoint, "NEW_SESSION", requestType="NEW_SESSION", header=header)
        assert "NewSessionId" not in answer, header


@pytest.mark.nightly  # by day for a model
def test_components_have_sessions_and_an_update_ends_them(aws, tmp_path):
    model = aws.stateful_model(aws.image(tmp_path, HEADERS[1]))  # the header of AWS's own library for containers
    host = aws.host(2)
    component = aws.component(host, model, copies=2)
    assert aws.component_settled(component)["InferenceComponentStatus"] == "InService"
    begun = [aws.begin(host, component=component) for _ in range(4)]
    for session, place in begun:
        assert aws.say(host, session, component=component)[0] == {"me": place, "count": 1}
    specification = {"ModelName": model, "ComputeResourceRequirements": needs(512)}
    aws.sagemaker.update_inference_component(InferenceComponentName=component, Specification=specification)
    aws.component_settled(component)
    with pytest.raises(ClientError, match="its instance is gone"):
        aws.say(host, begun[0][0], component=component)


def test_a_serverless_endpoint_has_no_sessions(aws):
    config = aws.name("config")
    serverless = {"MemorySizeInMB": 1024, "MaxConcurrency": 1}
    variant = {"VariantName": "all", "ModelName": aws.model(echo("a")), "ServerlessConfig": serverless}
    aws.sagemaker.create_endpoint_config(EndpointConfigName=config, ProductionVariants=[variant])
    name = aws.create(config)
    assert aws.settled(name)["EndpointStatus"] == "InService"
    with pytest.raises(ClientError, match="does not support stateful sessions"):
        aws.say(name, "NEW_SESSION")
