"""What may stand in a request, what AWS's front end makes of it, and what a response looks like on the wire."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from course.localaws.core.errors import AwsError
from course.localaws.protocol.contract import STRICT, Contract
from tests.localaws.parameter_strategies import contract
from tests.localaws.protocol.botocore_messages import call


def arrived(operation: str, body: bytes | dict) -> dict:
    body = json.dumps(body).encode() if isinstance(body, dict) else body
    return contract("sagemaker").parse(call("POST", "/", {"x-amz-target": f"SageMaker.{operation}"}), body)[1]


@pytest.fixture
def lenient(monkeypatch) -> Contract:
    """The contract of SageMaker as it is outside of tests."""
    monkeypatch.delenv(STRICT, raising=False)
    return Contract("sagemaker")


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
            contract("sagemaker").parse(call("POST", "/", {"x-amz-target": target}), b"{}")
        assert caught.value.code == "UnknownOperationException"
    with pytest.raises(AwsError) as caught:
        contract("sagemaker-runtime").parse(call("POST", "/nothing", {}), b"")
    assert (caught.value.code, caught.value.status) == ("UnknownOperationException", 404)


def test_a_label_keeps_its_escaped_characters():
    arn = "arn:aws:sagemaker:us-east-1:123456789012:feature-group%2Fflights"
    _, params = contract("sagemaker-featurestore-runtime").parse(
        call("GET", f"/FeatureGroup/{arn}", {}, "RecordIdentifierValueAsString=a%20b&FeatureName=x&FeatureName=y"), b""
    )
    assert params == {
        "FeatureGroupName": "arn:aws:sagemaker:us-east-1:123456789012:feature-group/flights",
        "RecordIdentifierValueAsString": "a b",
        "FeatureNames": ["x", "y"],
    }


def test_a_header_that_is_no_number():
    headers = {"X-Amzn-SageMaker-InputLocation": "s3://b/k", "X-Amzn-SageMaker-RequestTTLSeconds": "soon"}
    with pytest.raises(AwsError) as caught:
        contract("sagemaker-runtime").parse(call("POST", "/endpoints/e/async-invocations", headers), b"")
    assert caught.value.code == "SerializationException"


def test_responses_leave_out_nothing_notes_and_empty_structures(lenient):
    result = {
        "ModelName": "m",
        "ModelArn": "arn:aws:sagemaker:us-east-1:123456789012:model/m",
        "CreationTime": datetime(2026, 11, 24, 12, 0, 0, 250000, tzinfo=UTC),
        "VpcConfig": {},
        "PrimaryContainer": {"Image": "i", "Environment": {}, "ImageConfig": None},
        "ExecutionRoleArn": None,
        "_Process": 17,
    }
    response = lenient.serialise("DescribeModel", result)
    assert response.headers["content-type"] == "application/x-amz-json-1.1"
    assert json.loads(response.body) == {
        "ModelName": "m",
        "ModelArn": "arn:aws:sagemaker:us-east-1:123456789012:model/m",
        "CreationTime": 1795521600.25,
        "PrimaryContainer": {"Image": "i", "Environment": {}},
    }


def test_an_operation_without_output_answers_an_empty_body():
    response = contract("sagemaker").serialise("DeleteModel", None)
    assert (response.status_code, response.body) == (200, b"")


def test_numbers_that_json_cannot_say_are_texts(lenient):
    result = {"TrainingJobName": "j", "FinalMetricDataList": [{"MetricName": "m", "Value": float("nan"), "Timestamp": 0.0}]}
    response = lenient.serialise("DescribeTrainingJob", result)
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
        contract("sagemaker").check_result("DescribeModel", result)
    assert (caught.value.code, caught.value.status) == ("InternalFailure", 500)
    assert says in caught.value.message


def test_only_a_strict_contract_checks_what_it_serialises(lenient, monkeypatch):
    lenient.serialise("DescribeModel", {"ModelName": "m"})
    monkeypatch.setenv(STRICT, "1")
    with pytest.raises(AwsError):
        Contract("sagemaker").serialise("DescribeModel", {"ModelName": "m"})


def test_modelled_errors_have_their_status():
    assert contract("sagemaker-runtime").errors("InvokeEndpoint")["ModelError"] == 424
    assert contract("sagemaker").errors("CreateTrainingJob") == {
        "ResourceNotFound": 400,
        "ResourceInUse": 400,
        "ResourceLimitExceeded": 400,
    }


def test_other_json_services_speak_through_it_too():
    logs = contract("logs")
    head = call("POST", "/", {"x-amz-target": "Logs_20140328.DescribeLogStreams"})
    assert logs.parse(head, b'{"logGroupName": "/aws/sagemaker/TrainingJobs"}') == (
        "DescribeLogStreams",
        {"logGroupName": "/aws/sagemaker/TrainingJobs"},
    )
