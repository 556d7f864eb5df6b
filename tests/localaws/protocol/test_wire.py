"""How AWS's front end reads the values in a request, and how a response looks on the wire."""

from __future__ import annotations

import asyncio
import base64
import json
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.localaws.core.errors import AwsError
from course.localaws.core.quota import StateQuota
from course.localaws.protocol import conformity
from course.localaws.protocol.conformity import STRICT
from course.localaws.protocol.model import errors
from course.localaws.protocol.service import Service
from tests.localaws.parameter_strategies import model
from tests.localaws.protocol import botocore_messages
from tests.localaws.protocol.botocore_messages import call, serialised


def arrived(operation: str, body: bytes | dict) -> dict:
    body = json.dumps(body).encode() if isinstance(body, dict) else body
    return botocore_messages.arrived("sagemaker", call("POST", "/", {"x-amz-target": f"SageMaker.{operation}"}, body=body))[1]


def refused(operation: str, body: bytes | dict) -> AwsError:
    with pytest.raises(AwsError) as caught:
        arrived(operation, body)
    return caught.value


def test_unknown_members_are_ignored_and_null_means_absent():
    assert arrived("ListModels", {"NameContains": "a", "SortBy": None, "Novel": {"x": 1}}) == {"NameContains": "a"}


def test_no_body_is_an_empty_request():
    assert arrived("ListModels", b"") == {}


def test_numbers_are_made_to_fit():
    assert arrived("ListModels", {"MaxResults": 7.9}) == {"MaxResults": 7}
    assert arrived("ListModels", b'{"MaxResults": 1e400}') == {"MaxResults": 2**31 - 1}
    assert arrived("ListModels", {"CreationTimeAfter": 1764000000}) == {"CreationTimeAfter": 1764000000.0}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"NameContains": 1}, "NUMBER_VALUE can not be converted to a String"),
        ({"NameContains": True}, "TRUE_VALUE can not be converted to a String"),
        ({"NameContains": {}}, "Start of structure or map found where not expected."),
        ({"NameContains": []}, "Start of list found where not expected"),
        ({"MaxResults": "1"}, "STRING_VALUE can not be converted to an Integer"),
        ({"MaxResults": False}, "FALSE_VALUE can not be converted to an Integer"),
        ({"CreationTimeAfter": "2026-01-01"}, "STRING_VALUE can not be converted to milliseconds since epoch"),
        (b"[]", "Start of list found where not expected"),
        (b'"x"', "Expected null"),
    ],
)
def test_types_that_cannot_be_converted(body, says):
    error = refused("ListModels", body)
    assert (error.code, error.status, error.message) == ("SerializationException", 400, says)


def test_collections_that_cannot_be_converted():
    assert refused("AddTags", {"Tags": 1}).message == "Expected list or null"
    assert refused("AddTags", {"Tags": [1]}).message == "Expected null"
    assert refused("CreateTrainingJob", {"HyperParameters": "x"}).message == "Expected map or null"


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff\xfe\x00",
        b'{"MaxResults": NaN}',
        b'{"MaxResults": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"NameContains": "\\ud800"}',
        b'{"CreationTimeAfter": 1e300}',
        b'{"CreationTimeAfter": -1e400}',
    ],
)
def test_hostile_bodies_are_refused_not_crashed_on(body):
    assert refused("ListModels", body).code == "SerializationException"


def test_operations_that_do_not_exist():
    for target in ("SageMaker.Nonsense", "Other.ListModels", "", "SageMaker."):
        with pytest.raises(AwsError) as caught:
            botocore_messages.arrived("sagemaker", call("POST", "/", {"x-amz-target": target}, body=b"{}"))
        assert caught.value.code == "UnknownOperationException"
    with pytest.raises(AwsError) as caught:
        botocore_messages.arrived("sagemaker-runtime", call("POST", "/nothing", {}))
    assert (caught.value.code, caught.value.status) == ("UnknownOperationException", 404)


def test_a_label_keeps_its_escaped_characters():
    arn = "arn:aws:sagemaker:us-east-1:123456789012:feature-group%2Fflights"
    sent = call("GET", f"/FeatureGroup/{arn}", {}, "RecordIdentifierValueAsString=a%20b&FeatureName=x&FeatureName=y")
    _, params = botocore_messages.arrived("sagemaker-featurestore-runtime", sent)
    assert params == {
        "FeatureGroupName": "arn:aws:sagemaker:us-east-1:123456789012:feature-group/flights",
        "RecordIdentifierValueAsString": "a b",
        "FeatureNames": ["x", "y"],
    }


def test_a_header_that_is_no_number():
    headers = {"X-Amzn-SageMaker-InputLocation": "s3://b/k", "X-Amzn-SageMaker-RequestTTLSeconds": "soon"}
    with pytest.raises(AwsError) as caught:
        botocore_messages.arrived("sagemaker-runtime", call("POST", "/endpoints/e/async-invocations", headers))
    assert caught.value.code == "SerializationException"


def test_responses_leave_out_nothing_notes_and_empty_structures():
    result = {
        "ModelName": "m",
        "ModelArn": "arn:aws:sagemaker:us-east-1:123456789012:model/m",
        "CreationTime": datetime(2026, 11, 24, 12, 0, 0, 250000, tzinfo=UTC),
        "VpcConfig": {},
        "PrimaryContainer": {"Image": "i", "Environment": {}, "ImageConfig": None},
        "ExecutionRoleArn": None,
        "_Process": 17,
    }
    response = serialised("sagemaker", "DescribeModel", result)
    assert response.headers["content-type"] == "application/x-amz-json-1.1"
    assert json.loads(response.body) == {
        "ModelName": "m",
        "ModelArn": "arn:aws:sagemaker:us-east-1:123456789012:model/m",
        "CreationTime": 1795521600.25,
        "PrimaryContainer": {"Image": "i", "Environment": {}},
    }


def test_an_operation_without_output_answers_an_empty_body():
    response = serialised("sagemaker", "DeleteModel", None)
    assert (response.status_code, response.body) == (200, b"")


def test_the_status_is_the_results_and_a_response_without_content_has_no_body():
    response = serialised("lambda", "Invoke", {"StatusCode": 202, "Payload": b"{}"})
    assert (response.status_code, response.body) == (202, b"{}")
    response = serialised("lambda", "Invoke", {"StatusCode": 204, "Payload": b"{}", "ExecutedVersion": "1"})
    assert (response.status_code, response.body) == (204, b"")
    assert dict(response.headers) == {"x-amz-executed-version": "1"}
    assert serialised("lambda", "DeleteFunction", {"StatusCode": 204}).body == b""


def test_numbers_that_json_cannot_say_are_texts():
    result = {"TrainingJobName": "j", "FinalMetricDataList": [{"MetricName": "m", "Value": float("nan"), "Timestamp": 0.0}]}
    response = serialised("sagemaker", "DescribeTrainingJob", result)
    assert json.loads(response.body)["FinalMetricDataList"][0]["Value"] == "NaN"


@pytest.mark.parametrize(
    ("result", "says"),
    [
        ({}, "Value null at 'modelName'"),
        ({"ModelNam": "m"}, "DescribeModelOutput.ModelNam: unknown to the model"),
        ({"ModelName": 3}, "DescribeModelOutput.ModelName: int where the model has string"),
        ({"EnableNetworkIsolation": 1}, "EnableNetworkIsolation: int where the model has boolean"),
        ({"CreationTime": True}, "CreationTime: bool where the model has timestamp"),
        ({"Containers": [{"Image": "i", "Mode": "Twice"}]}, "Member must satisfy enum value set: [SingleModel, MultiModel]"),
        ({"Containers": [{"Environment": {"a": 1}}]}, "Containers[0].Environment['a']: int where the model has string"),
    ],
)
def test_results_that_do_not_fit_the_model(result, says):
    with pytest.raises(AwsError) as caught:
        conformity.check(model("sagemaker", "DescribeModel"), result)
    assert (caught.value.code, caught.value.status) == ("InternalFailure", 500)
    assert says in caught.value.message


@pytest.mark.parametrize(("strict", "status"), [("0", 200), ("1", 500)])
def test_only_a_strict_service_checks_what_it_serialises(monkeypatch, tmp_path, strict, status):
    monkeypatch.setenv(STRICT, strict)
    platform = SimpleNamespace(account="123456789012", quota=StateQuota(tmp_path), logged_regions=set())
    service = Service("sagemaker", platform, {"DescribeModel": lambda context, params: {"ModelName": "m"}})
    sent = call("POST", "/", {"x-amz-target": "SageMaker.DescribeModel"}, body=b'{"ModelName": "m"}')
    try:
        assert asyncio.run(service(sent)).status_code == status
    except AwsError as error:
        assert (error.code, error.status) == ("InternalFailure", status)


def test_modelled_errors_have_their_status():
    assert errors(model("sagemaker-runtime", "InvokeEndpoint"))["ModelError"] == 424
    assert errors(model("sagemaker", "CreateTrainingJob")) == {
        "ResourceNotFound": 400,
        "ResourceInUse": 400,
        "ResourceLimitExceeded": 400,
    }


def test_other_json_services_speak_through_it_too():
    sent = call("POST", "/", {"x-amz-target": "Logs_20140328.DescribeLogStreams"}, body=b'{"logGroupName": "/aws/sagemaker/TrainingJobs"}')
    assert botocore_messages.arrived("logs", sent) == ("DescribeLogStreams", {"logGroupName": "/aws/sagemaker/TrainingJobs"})


@given(st.text(st.characters(exclude_categories=())))
def test_a_blob_is_base64_or_refused(text):
    """Also a text that is not ASCII, and half of a surrogate pair."""
    try:
        expected = base64.b64decode(text.encode(), validate=True)
    except ValueError:
        expected = None
    sent = call("POST", "/", {"x-amz-target": "TrentService.Decrypt"}, body=json.dumps({"CiphertextBlob": text}).encode())
    if expected is None:
        with pytest.raises(AwsError) as caught:
            botocore_messages.arrived("kms", sent)
        assert caught.value.code == "SerializationException"
    else:
        assert botocore_messages.arrived("kms", sent) == ("Decrypt", {"CiphertextBlob": expected})
