"""Invalid and hostile requests to every supported operation: none breaks anything, and nothing is left running."""

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import Iterator
from urllib.parse import quote

import psutil
import pytest
from botocore import xform_name
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session
from botocore.model import OperationModel
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from course.localaws.core.credentials import issued
from course.localaws.core.sdk_environment import REGION
from course.localaws.protocol.model import bound
from course.localaws.server import launch
from tests.localaws import sample_requests
from tests.localaws.boto_clients import client_factory
from tests.localaws.parameter_strategies import model
from tests.localaws.protocol.test_every_operation import BUCKET, DONE, EVERY, IMAGE, KNOWN, THERE
from tests.localaws.sagemaker.job_fixtures import JobFixtures

LONG = "a" * 6000
TEXTS = (
    "",
    " ",
    "\0",
    "\n",
    "a\u2028b",
    "é😀",
    "../../etc/passwd",
    "/",
    "s3://",
    "arn:",
    "arn:aws:sagemaker:::",
    "$(id)",
    "'; --",
    "%00",
    LONG,
)
# Values that fit the model but refer to nothing.
PLAUSIBLE = ("a", "1", "s3://nowhere/x", "s3://contract", "arn:aws:iam::123456789012:role/nobody", "ml.p4d.24xlarge", "File", 1, 7, 10**6)
NUMBERS = (0, -1, 2**31, 2**63, -(2**64), 1e308, -0.0, 0.5)
HOSTILE = (None, True, [], {}, [None], [[]], {"": ""}, {"a": None}, [{}] * 50, *TEXTS, *NUMBERS, *PLAUSIBLE)
MOST_SPOILED = 3
TRUE = ["/bin/true"]
TRAINING, PROCESSING = THERE["CreateTrainingJob"], THERE["CreateProcessingJob"]
DEFINITION = {
    "AlgorithmSpecification": {
        "TrainingImage": IMAGE,
        "TrainingInputMode": "File",
        "MetricDefinitions": [{"Name": "loss", "Regex": "loss=([0-9.]+)"}],
    },
    "HyperParameterRanges": {"ContinuousParameterRanges": [{"Name": "x", "MinValue": "0", "MaxValue": "1", "ScalingType": "Auto"}]},
    **{name: TRAINING[name] for name in ("RoleArn", "OutputDataConfig", "ResourceConfig", "StoppingCondition")},
}
TUNING = {
    "HyperParameterTuningJobName": "a-a",
    "HyperParameterTuningJobConfig": {
        "Strategy": "Random",
        "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
        "ResourceLimits": {"MaxNumberOfTrainingJobs": 1, "MaxParallelTrainingJobs": 1},
    },
    "TrainingJobDefinitions": [{"DefinitionName": "a", "TuningObjective": {"Type": "Minimize", "MetricName": "loss"}, **DEFINITION}],
}
# Requests that would start short jobs if they were not spoiled.
WORKING = THERE | {
    "CreateTrainingJob": TRAINING | {"AlgorithmSpecification": TRAINING["AlgorithmSpecification"] | {"ContainerEntrypoint": TRUE}},
    "CreateProcessingJob": PROCESSING | {"AppSpecification": PROCESSING["AppSpecification"] | {"ContainerEntrypoint": TRUE}},
    "CreateHyperParameterTuningJob": TUNING,
}
BEGINNING = [("sagemaker", operation) for operation in WORKING]
WORDS = 10  # the minimum length of a message
FEW = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))


class Wire:
    """Sends signed requests with any body, which no SDK would send."""

    def __init__(self, handle: launch.Handle) -> None:
        self.handle = handle
        credential = issued(handle.state)
        self._credentials = Credentials(credential.principal.access_key, credential.secret, credential.token)
        self._session = URLLib3Session()
        make = client_factory(handle)
        make("s3").create_bucket(Bucket=BUCKET)
        for operation, params in THERE.items():
            self.answer("sagemaker", operation, params)

    def answer(self, service: str, operation: str, params: dict) -> tuple[int, bytes]:
        """Send JSON values that need not fit the model. Returns the response's status and body."""
        if service == "sagemaker":
            headers = {"X-Amz-Target": f"SageMaker.{operation}", "Content-Type": "application/x-amz-json-1.1"}
            return self._send("POST", "/", headers, json.dumps(params, default=repr))
        return self._send(*_rest(model(service, operation), params))

    def _send(self, method: str, path: str, headers: dict[str, str], body: str) -> tuple[int, bytes]:
        request = AWSRequest(method, self.handle.endpoint + path, headers, body.encode("utf-8", "surrogatepass"))
        SigV4Auth(self._credentials, "sagemaker", REGION).add_auth(request)
        answer = self._session.send(request.prepare())
        return answer.status_code, answer.content


def _rest(operation: OperationModel, params: dict) -> tuple[str, str, dict[str, str], str]:
    """Builds a request by the model's REST bindings from any values."""
    shape, http = operation.input_shape, operation.http
    path, headers, body = http["requestUri"], {}, {}
    for name, value in params.items():
        as_text = value if isinstance(value, str) else json.dumps(value, default=repr)
        if name in bound(shape, "uri"):
            path = path.replace(f"{{{bound(shape, 'uri')[name][0]}}}", quote(as_text, safe="") or "%20")
        elif name in bound(shape, "header"):
            headers[bound(shape, "header")[name][0]] = quote(as_text, safe=" /:;,=")
        elif name in bound(shape):
            body[bound(shape)[name][0]] = value
    payload = shape.serialization.get("payload")
    return http["method"], path, headers, json.dumps(body.get(payload) if payload else body, default=repr)


def places(value: object, above: tuple = ()) -> Iterator[tuple]:
    """Generates the path of every nested value."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield (*above, key)
        yield from places(part, (*above, key))


@st.composite
def spoiled(draw: st.DrawFn) -> tuple[str, str, dict]:
    """Draws an operation and a request for it, valid except for up to three values."""
    service, operation = draw(st.sampled_from([each for each in EVERY if each[1] in DONE]) | st.sampled_from(BEGINNING))
    shape = model(service, operation).input_shape
    works = WORKING.get(operation) or sample_requests.minimal(shape, KNOWN)
    params = draw(st.sampled_from([works, works, sample_requests.minimal(shape, KNOWN), sample_requests.full(shape, KNOWN)]))
    params = {name: copy.deepcopy(value) for name, value in params.items()}
    if operation.startswith("Create"):  # otherwise the error would only say that the resource exists
        names = [name for name in params if name == f"{operation.removeprefix('Create')}Name"]
        params |= {name: f"new-{draw(st.integers(0, 10**6))}" for name in names}
    for _ in range(draw(st.integers(0, MOST_SPOILED))):
        if not (found := list(places(params))):
            break
        *above, last = draw(st.sampled_from(found))
        inside = params
        for key in above:
            inside = inside[key]
        value = draw(st.sampled_from(HOSTILE) | st.text(max_size=20))
        if draw(st.booleans()):
            inside[last] = copy.deepcopy(value)
        elif isinstance(inside[last], list):
            inside[last] = inside[last] * draw(st.sampled_from([0, 2, 200]))
        else:
            del inside[last]
    return service, operation, params


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    handle = launch.start(tmp_path_factory.mktemp("spoiled") / "state")
    try:
        yield Wire(handle)
    finally:
        handle.stop()


def check(wire: Wire, request: tuple[str, str, dict]) -> None:
    status, body = wire.answer(*request)
    assert status < 500, (request, body)
    if status >= 400:
        assert len(json.loads(body)["message"]) > WORDS, (request, body)


@settings(FEW, max_examples=2 * FEW.max_examples, derandomize=True)
@given(request=spoiled())
def test_no_request_breaks_anything(wire, request):
    check(wire, request)


@pytest.mark.nightly
@pytest.mark.timeout(1500)
@settings(FEW, max_examples=4000)
@given(request=spoiled())
def test_no_request_of_thousands_breaks_anything(wire, request):
    check(wire, request)


def test_nothing_is_left_running(wire):
    """After the requests above, everything that they started can be stopped, and the same gateway process still runs."""
    aws = JobFixtures(wire.handle, "", fresh=False)
    for kind in ("HyperParameterTuningJob", "TrainingJob", "ProcessingJob"):
        for page in aws.sagemaker.get_paginator(f"list_{xform_name(kind)}s").paginate(StatusEquals="InProgress"):
            for job in page[f"{kind}Summaries"]:
                with contextlib.suppress(aws.sagemaker.exceptions.ClientError):  # it has ended in the meantime
                    getattr(aws.sagemaker, f"stop_{xform_name(kind)}")(**{f"{kind}Name": job[f"{kind}Name"]})
    for endpoint in aws.sagemaker.list_endpoints(MaxResults=100)["Endpoints"]:
        aws.sagemaker.delete_endpoint(EndpointName=endpoint["EndpointName"])
    aws.until(lambda: not wire.handle.running() and not aws.processes() and not aws.boxes())
    assert psutil.Process(wire.handle.pid).is_running()
    assert "Traceback" not in (wire.handle.state / "server.log").read_text()
