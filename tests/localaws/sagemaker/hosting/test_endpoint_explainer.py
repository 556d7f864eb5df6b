"""Endpoints with an explainer: predictions with explanations, beside all else that an endpoint does."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import psutil
import pytest
from botocore.exceptions import ClientError

from course.localaws import images
from course.localaws.core.errors import AwsError
from course.localaws.images.clarify import explainer as program
from course.localaws.sagemaker.hosting import explainers
from course.localaws.server import launch
from tests.localaws.images.clarify.test_explainer import exact, values
from tests.localaws.sagemaker.hosting.endpoint_fixtures import SKLEARN, EndpointFixtures, echo, script, until
from tests.localaws.sagemaker.job_fixtures import ROLE, needs_clarify

SHAP = {"ShapBaselineConfig": {"ShapBaseline": "0,0,0\n1,1,1"}, "Seed": 1}
SLOW = 240.0  # seconds; an explainer imports shap, which takes long on a busy machine
NAMES = ["age", "work", "gain"]
# Rows of three numbers, in CSV or JSON Lines; more than three at a time are refused, so that MaxRecordCount shows.
MODEL = script("""
import csv, json
def model_fn(model_dir): return 0
def transform_fn(model, data, content_type, accept):
    if content_type == "text/csv":
        rows = [[float(cell) for cell in row] for row in csv.reader(data.splitlines())]
    else:
        rows = [json.loads(line)["x"] for line in data.decode().splitlines()]
    if len(rows) > 3 or any(len(row) != 3 for row in rows):
        raise ValueError(f"{len(rows)} rows")
    found = [(a > 1, a + 2 * b + b * c) for a, b, c in rows]
    if accept == "application/jsonlines":
        return "".join(json.dumps({"label": label, "score": score}) + "\\n" for label, score in found), accept
    return "".join(f"{int(label)},{score}\\n" for label, score in found), "text/csv"
""")
INFERENCE = {
    "FeatureHeaders": NAMES,
    "MaxRecordCount": 3,
    "ProbabilityIndex": 1,
    "ProbabilityAttribute": "score",
    "FeaturesAttribute": "x",
    "ContentTemplate": '{"x":$features}',
}


def score(row: list[float]) -> float:
    return row[0] + 2 * row[1] + row[1] * row[2]


def clarify(shap: dict[str, Any] | None = None, **more: Any) -> dict:
    return {"ClarifyExplainerConfig": {"ShapConfig": shap or SHAP, **more}}


@pytest.fixture(scope="module")
def aws(client: Any) -> Any:
    aws = EndpointFixtures(client)
    yield aws
    aws.close()


@pytest.fixture(scope="module")
def endpoint(aws: EndpointFixtures) -> str:
    """In service, with an explainer, and with data capture."""
    capture = {
        "EnableCapture": True,
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": f"s3://{aws.bucket}/captured",
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"], "JsonContentTypes": ["application/json"]},
    }
    config = aws.config(
        {"ModelName": aws.model(MODEL, SKLEARN)}, ExplainerConfig=clarify(InferenceConfig=INFERENCE), DataCaptureConfig=capture
    )
    name = aws.create(config)
    described = aws.settled(name, SLOW)
    assert described["EndpointStatus"] == "InService", described.get("FailureReason")
    return name


def explained(aws: EndpointFixtures, name: str, body: str, content_type: str = "text/csv", **more: Any) -> dict:
    return json.loads(aws.invoke(name, body, content_type, **{"Accept": "text/csv"} | more))


def refused(aws: EndpointFixtures, name: str, body: str, **more: Any) -> dict:
    with pytest.raises(ClientError) as error:
        explained(aws, name, body, **more)
    return error.value.response


@needs_clarify
def test_predictions_come_with_explanations(aws: EndpointFixtures, endpoint: str) -> None:
    answer = aws.runtime.invoke_endpoint(EndpointName=endpoint, Body="1,2,3\n2,0,1", ContentType="text/csv", Accept="text/csv")
    assert (answer["ContentType"], answer["InvokedProductionVariant"]) == ("application/json", "AllTraffic")
    found = json.loads(answer["Body"].read())
    assert found["predictions"] == {"content_type": "text/csv; charset=utf-8", "data": "0,11.0\n1,2.0\n"}
    for row, each in zip(([1, 2, 3], [2, 0, 1]), found["explanations"]["kernel_shap"], strict=True):
        assert [feature["feature_header"] for feature in each] == NAMES
        assert values(each)[:, 0] == pytest.approx(exact(row, [[0, 0, 0], [1, 1, 1]], score), abs=1e-9)


@needs_clarify
def test_json_lines_in_and_out(aws: EndpointFixtures, endpoint: str) -> None:
    lines = "application/jsonlines"
    found = explained(aws, endpoint, '{"x":[1,2,3]}\n{"x":[0,0,1]}', lines, Accept=lines, EnableExplanations="score>`5`")
    first, second = found["explanations"]["kernel_shap"]
    assert values(first)[:, 0] == pytest.approx(exact([1, 2, 3], [[0, 0, 0], [1, 1, 1]], score), abs=1e-9) and second is None
    assert found["predictions"]["content_type"] == lines and json.loads(found["predictions"]["data"].splitlines()[0])["score"] == 11


@needs_clarify
def test_a_request_says_what_is_explained(aws: EndpointFixtures, endpoint: str) -> None:
    none = explained(aws, endpoint, "1,2,3", EnableExplanations="`false`")
    assert none["explanations"] == {} and none["predictions"]["data"] == "0,11.0\n"
    part = explained(aws, endpoint, "1,2,3\n0,0,0", EnableExplanations="[1]>`10`")
    assert [each is None for each in part["explanations"]["kernel_shap"]] == [False, True]


@needs_clarify
def test_errors_of_explainer_and_model_are_model_errors(aws: EndpointFixtures, endpoint: str) -> None:
    found = refused(aws, endpoint, "1,2,3", EnableExplanations="[9]")
    assert (found["Error"]["Code"], found["OriginalStatusCode"]) == ("ModelError", 400)
    assert found["OriginalMessage"] == "EnableExplanations '[9]' is None for the model's answer [0, 11.0], not true or false."
    assert 'Received client error (400) from explainer with message "EnableExplanations' in found["Error"]["Message"]
    found = refused(aws, endpoint, "1,2")
    assert "Received server error (500) from primary" in found["Error"]["Message"] and "Internal Server Error" in found["OriginalMessage"]


@needs_clarify
def test_explained_requests_are_captured_and_measured(aws: EndpointFixtures, endpoint: str) -> None:
    explained(aws, endpoint, "3,2,1", InferenceId="mine")

    def captured() -> list[dict]:
        found = []
        for item in aws.s3.list_objects_v2(Bucket=aws.bucket, Prefix="captured/").get("Contents", []):
            lines = aws.s3.get_object(Bucket=aws.bucket, Key=item["Key"])["Body"].read().splitlines()
            found += [each for each in map(json.loads, lines) if each["eventMetadata"].get("inferenceId") == "mine"]
        return found

    [record] = until(captured, "the request is captured")
    data = record["captureData"]
    assert data["endpointInput"]["data"] == "3,2,1" and data["endpointOutput"]["observedContentType"] == "application/json"
    assert json.loads(data["endpointOutput"]["data"])["explanations"]["kernel_shap"]
    names = {"EndpointName": endpoint, "VariantName": "AllTraffic"}
    [measured] = aws.cloudwatch.get_metric_data(
        MetricDataQueries=[
            {
                "Id": "all",
                "MetricStat": {
                    "Metric": {
                        "Namespace": "AWS/SageMaker",
                        "MetricName": "Invocations",
                        "Dimensions": [{"Name": name, "Value": value} for name, value in names.items()],
                    },
                    "Period": 60,
                    "Stat": "Sum",
                },
            }
        ],
        StartTime=pd.Timestamp.now("UTC") - pd.Timedelta("1h"),
        EndTime=pd.Timestamp.now("UTC") + pd.Timedelta("1h"),
    )["MetricDataResults"]
    assert sum(measured["Values"]) >= 1


@needs_clarify
def test_a_killed_explainer_is_started_again(aws: EndpointFixtures, endpoint: str, local_aws: launch.Handle) -> None:
    servers = psutil.Process(local_aws.pid).children(recursive=True)
    killed = [server for server in servers if program.__name__ in server.cmdline()]
    for server in killed:
        server.kill()
    psutil.wait_procs(killed)

    def answers() -> dict | None:
        try:
            return explained(aws, endpoint, "1,2,3")
        except ClientError as error:
            assert error.response["Error"]["Code"] in ("ServiceUnavailable", "ModelError")
            return None

    assert killed and until(answers, "the explainer is back", SLOW)["explanations"]["kernel_shap"]
    assert "The container ended" in aws.log(endpoint)


@needs_clarify
def test_descriptions_and_an_update_to_no_explainer(aws: EndpointFixtures, endpoint: str) -> None:
    described = aws.sagemaker.describe_endpoint(EndpointName=endpoint)
    assert described["ExplainerConfig"] == clarify(InferenceConfig=INFERENCE)
    assert len(described["ProductionVariants"][0]["DeployedImages"]) == 1
    config = aws.sagemaker.describe_endpoint_config(EndpointConfigName=described["EndpointConfigName"])
    assert config["ExplainerConfig"] == described["ExplainerConfig"]
    aws.sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=aws.config({"ModelName": aws.model(MODEL, SKLEARN)}))
    assert "ExplainerConfig" not in aws.settled(endpoint)
    assert aws.invoke(endpoint, "1,2,3", Accept="text/csv") == "0,11.0\n"
    found = refused(aws, endpoint, "1,2,3", EnableExplanations="`true`")["Error"]
    assert found["Code"] == "ValidationError"
    assert found["Message"] == f"Endpoint {endpoint} has no explainer and does not support enable explanations header."


@needs_clarify
def test_an_explainer_that_cannot_start_fails_the_endpoint(aws: EndpointFixtures) -> None:
    """As AWS documents it for an expression that is not valid; a baseline is fetched as a model's data is."""
    model = aws.model(echo("1"), SKLEARN)
    wrong = aws.create(aws.config({"ModelName": model}, ExplainerConfig=clarify(EnableExplanations="a b")))
    uri = f"s3://{aws.bucket}/no-such.csv"
    missing = aws.create(aws.config({"ModelName": model}, ExplainerConfig=clarify({"ShapBaselineConfig": {"ShapBaselineUri": uri}})))
    described = aws.settled(wrong, SLOW)
    assert described["EndpointStatus"] == "Failed"
    reason = "The explainer container for production variant AllTraffic did not pass the ping health check."
    assert described["FailureReason"].startswith(reason)
    assert "The explainer cannot start: EnableExplanations is 'a b', which is not a JMESPath expression." in aws.log(wrong)
    described = aws.settled(missing)
    assert described["EndpointStatus"] == "Failed"
    assert described["FailureReason"].startswith(f'Failed to download the SHAP baseline from URL: "{uri}".')


REFUSALS: list[tuple[dict, dict, str]] = [
    ({}, {}, "ExplainerConfig needs a ClarifyExplainerConfig"),
    (clarify({"ShapBaselineConfig": {}}), {}, "must have one of ShapBaseline and ShapBaselineUri"),
    (clarify({"ShapBaselineConfig": {"ShapBaseline": "1", "ShapBaselineUri": "s3://b/k"}}), {}, "must have one of ShapBaseline and"),
    (clarify({"ShapBaselineConfig": {"ShapBaseline": "1", "MimeType": "text/xml"}}), {}, "MimeType of ShapBaselineConfig is text/xml"),
    (clarify(SHAP | {"TextConfig": {"Language": "en", "Granularity": "token"}}), {}, "TextConfig.* is not supported by the local AWS"),
    (clarify(InferenceConfig={"FeatureTypes": ["text"]}), {}, "FeatureTypes text.* is not supported by the local AWS"),
    (clarify(InferenceConfig={"FeatureTypes": ["numerical"]}), {}, "FeatureTypes must have at least one text"),
    (clarify(InferenceConfig={"ContentTemplate": '{"x":1}'}), {}, "ContentTemplate is .* must have .features once"),
    (clarify(InferenceConfig={"FeaturesAttribute": "a["}), {}, "FeaturesAttribute is a.; it must be a JMESPath expression"),
    (clarify(InferenceConfig={"MaxPayloadInMB": 26}), {}, "MaxPayloadInMB|maxPayloadInMB"),
    (clarify(), {"AsyncInferenceConfig": {"OutputConfig": {"S3OutputPath": "s3://b/out"}}}, "AsyncInferenceConfig and ExplainerConfig"),
    (clarify(), {"serverless": True}, "A serverless endpoint cannot have ExplainerConfig"),
]


@pytest.mark.parametrize(("explainer", "more", "words"), REFUSALS)
def test_what_a_configuration_cannot_have(aws: EndpointFixtures, explainer: dict, more: dict, words: str) -> None:
    variant: dict[str, Any] = {"VariantName": "A", "ModelName": "none", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
    if "serverless" in more:
        variant, more = {"VariantName": "A", "ModelName": "none", "ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1}}, {}
    with pytest.raises(ClientError, match=words):
        aws.sagemaker.create_endpoint_config(
            EndpointConfigName=aws.name("refused"), ProductionVariants=[variant], ExplainerConfig=explainer, **more
        )


@needs_clarify
def test_a_model_of_several_containers_has_no_explainer(aws: EndpointFixtures) -> None:
    first = aws.sagemaker.describe_model(ModelName=aws.model(echo("1"), SKLEARN))["PrimaryContainer"]
    name = aws.name("pipeline")
    containers = [{member: first[member] for member in ("Image", "ModelDataUrl", "Environment")}] * 2
    aws.sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, Containers=containers)
    with pytest.raises(ClientError, match="CreateEndpoint with ExplainerConfig and a model of several containers is not supported"):
        aws.create(aws.config({"ModelName": name}, ExplainerConfig=clarify()))


def test_without_the_libraries_the_command_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(AwsError, match="without smclarify: make extra-clarify"):
        explainers.check({"ExplainerConfig": clarify()}, "us-east-1")
