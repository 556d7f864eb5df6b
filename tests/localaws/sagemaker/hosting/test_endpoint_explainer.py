"""Endpoints with an explainer: predictions with explanations, beside all else that an endpoint does."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil
import pytest
from botocore.exceptions import ClientError

from course.localaws import images
from course.localaws.core.errors import AwsError
from course.localaws.images.clarify import explainer as program
from course.localaws.sagemaker.hosting import explainers
from course.localaws.server import launch
from course.sandbox.box import best_mode
from tests.localaws.images.clarify.test_explainer import exact, values
from tests.localaws.sagemaker.hosting.endpoint_fixtures import (
    ROLE,
    SKLEARN,
    XGBOOST,
    EndpointFixtures,
    answers_of,
    archive,
    booster_file,
    echo,
    fixtures_of,
    script,
    until,
)
from tests.localaws.sagemaker.job_fixtures import needs_clarify

SHAP = {"ShapBaselineConfig": {"ShapBaseline": "0,0,0\n1,1,1"}, "Seed": 1}
S3_INPUT = {"S3DataType": "S3Prefix", "S3InputMode": "File", "S3DataDistributionType": "FullyReplicated", "S3CompressionType": "None"}
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


def answer_in_time(aws: EndpointFixtures, name: str) -> dict | None:
    """An answer, or None while a container is being started."""
    try:
        return explained(aws, name, "1,2,3")
    except ClientError as error:
        assert error.response["Error"]["Code"] in ("ServiceUnavailable", "ModelError"), error
        return None


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
def test_a_streamed_request_is_explained_too(aws: EndpointFixtures, endpoint: str) -> None:
    # AWS documents explanations for InvokeEndpoint only. The explainer does not know how its answer is read.
    request = {"EndpointName": endpoint, "Body": "1,2,3", "ContentType": "text/csv", "Accept": "text/csv"}
    streamed = aws.runtime.invoke_endpoint_with_response_stream(**request)
    parts = b"".join(event["PayloadPart"]["Bytes"] for event in streamed["Body"])
    assert parts == aws.runtime.invoke_endpoint(**request)["Body"].read() and b"kernel_shap" in parts


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


def is_explainer(process: psutil.Process) -> bool:
    try:
        return program.__name__ in process.cmdline()
    except psutil.Error:  # it has just ended
        return False


@pytest.mark.nightly  # waits for health checks; other containers are killed by day
@needs_clarify
def test_a_killed_explainer_is_started_again(aws: EndpointFixtures, endpoint: str, local_aws: launch.Handle) -> None:
    killed = [process for process in psutil.Process(local_aws.pid).children(recursive=True) if is_explainer(process)]
    for process in killed:
        process.kill()
    psutil.wait_procs(killed)

    assert killed and until(lambda: answer_in_time(aws, endpoint), "the explainer is back", SLOW)["explanations"]
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


def deploy(aws: EndpointFixtures, model: str, explainer: dict) -> str:
    name = aws.create(aws.config({"ModelName": model}, ExplainerConfig=explainer))
    described = aws.settled(name, SLOW)
    assert described["EndpointStatus"] == "InService", described.get("FailureReason")
    return name


WIDE = script("""
def model_fn(model_dir): return 0
def transform_fn(model, data, content_type, accept):
    rows = [[float(cell) for cell in line.split(",")] for line in data.split()]
    return "\\n".join(str(sum(n * x for n, x in enumerate(row)) + row[0] * row[1] * row[-1]) for row in rows), "text/csv"
""")


def ended(aws: EndpointFixtures, job: str) -> dict | None:
    described = aws.sagemaker.describe_processing_job(ProcessingJobName=job)
    return None if described["ProcessingJobStatus"] == "InProgress" else described


@needs_clarify
@pytest.mark.nightly  # a job with an endpoint of its own; test_explainer.py compares with what computes its values by day
def test_attributions_are_those_of_a_clarify_job(aws: EndpointFixtures) -> None:
    """With the same baseline, samples and seed. The baseline is an object in S3."""
    model = aws.model(WIDE, SKLEARN)
    random = np.random.default_rng(0)
    rows, baseline = (pd.DataFrame(random.normal(size=(count, 12)).round(2)).to_csv(index=False, header=False) for count in (3, 2))
    config = {
        "dataset_type": "text/csv",
        "headers": [f"x{number}" for number in range(12)],
        "methods": {"shap": {"baseline": f"s3://{aws.bucket}/explained/baseline.csv", "num_samples": 60, "seed": 3}},
        "predictor": {"model_name": model, "instance_type": "ml.m5.large", "initial_instance_count": 1, "accept_type": "text/csv"},
    }
    for key, body in (("baseline.csv", baseline), ("data/rows.csv", rows), ("config/analysis_config.json", json.dumps(config))):
        aws.s3.put_object(Bucket=aws.bucket, Key=f"explained/{key}", Body=body.encode())
    place, job = "/opt/ml/processing", aws.name("explaining")
    inputs = [
        {"InputName": name, "S3Input": {"S3Uri": f"s3://{aws.bucket}/explained/{key}", "LocalPath": f"{place}/input/{key}", **S3_INPUT}}
        for name, key in (("dataset", "data"), ("analysis_config", "config"))
    ]
    output = {"S3Uri": f"s3://{aws.bucket}/explained/out", "LocalPath": f"{place}/output", "S3UploadMode": "EndOfJob"}
    aws.sagemaker.create_processing_job(
        ProcessingJobName=job,
        RoleArn=ROLE,
        AppSpecification={"ImageUri": explainers.image("us-east-1")},
        ProcessingResources={"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}},
        ProcessingInputs=inputs,
        ProcessingOutputConfig={"Outputs": [{"OutputName": "analysis_result", "S3Output": output}]},
    )
    uri = {"ShapBaselineConfig": {"ShapBaselineUri": f"s3://{aws.bucket}/explained/baseline.csv"}, "NumberOfSamples": 60, "Seed": 3}
    found = explained(aws, deploy(aws, model, clarify(uri)), rows)["explanations"]["kernel_shap"]
    done = until(lambda: ended(aws, job), "the job ends", SLOW)
    assert done["ProcessingJobStatus"] == "Completed", done
    written = aws.s3.get_object(Bucket=aws.bucket, Key="explained/out/explanations_shap/out.csv")["Body"].read()
    np.testing.assert_allclose([values(each)[:, 0] for each in found], pd.read_csv(io.BytesIO(written)).to_numpy(), atol=1e-8)


@needs_clarify
@pytest.mark.nightly  # the same route as by day, with the path of a model
def test_each_model_of_a_multi_model_endpoint_is_explained(aws: EndpointFixtures) -> None:
    """As AWS's sample notebook ``multi_model_xgboost_with_online_explainability`` does it."""
    for name, constant in (("low", 0.2), ("high", 0.7)):
        aws.s3.put_object(Bucket=aws.bucket, Key=f"many/{name}.tar.gz", Body=archive(booster_file(constant)))
    model = aws.name("many")
    container = {"Image": XGBOOST, "Mode": "MultiModel", "ModelDataUrl": f"s3://{aws.bucket}/many/"}
    aws.sagemaker.create_model(ModelName=model, ExecutionRoleArn=ROLE, PrimaryContainer=container)
    name = deploy(aws, model, clarify())
    for target, constant in (("low", 0.2), ("high", 0.7)):
        found = explained(aws, name, "1,2,3", TargetModel=f"{target}.tar.gz")
        assert float(found["predictions"]["data"]) == pytest.approx(constant, abs=0.05)
        assert values(found["explanations"]["kernel_shap"][0])[:, 0] == pytest.approx([0, 0, 0], abs=0.05)
    found = refused(aws, name, "1,2,3", TargetModel="none.tar.gz")["Error"]
    assert found["Code"] == "ValidationError" and "none.tar.gz" in found["Message"]


CORE = """
import json, sys
from sagemaker.core import shapes
from sagemaker.core.explainer.clarify_explainer_config import (
    ClarifyExplainerConfig, ClarifyInferenceConfig, ClarifyShapBaselineConfig, ClarifyShapConfig,
)
from sagemaker.core.explainer.explainer_config import ExplainerConfig
from sagemaker.core.resources import Endpoint, EndpointConfig

model, stem = sys.argv[1:]
shap = ClarifyShapConfig(ClarifyShapBaselineConfig(shap_baseline="0,0,0"), seed=1)
inference = ClarifyInferenceConfig(feature_headers=["a", "b", "c"], probability_index=1, max_record_count=3)
written = ExplainerConfig(ClarifyExplainerConfig(shap, inference_config=inference))._to_request_dict()
shape = shapes.ExplainerConfig(
    clarify_explainer_config=shapes.ClarifyExplainerConfig(
        shap_config=shapes.ClarifyShapConfig(shap_baseline_config=shapes.ClarifyShapBaselineConfig(shap_baseline="0,0,0"), seed=1),
        inference_config=shapes.ClarifyInferenceConfig(feature_headers=["a", "b", "c"], probability_index=1, max_record_count=3),
    )
)
variant = shapes.ProductionVariant(variant_name="A", model_name=model, initial_instance_count=1, instance_type="ml.m5.large")
EndpointConfig.create(endpoint_config_name=stem, production_variants=[variant], explainer_config=shape)
endpoint = Endpoint.create(endpoint_name=stem, endpoint_config_name=stem)
endpoint.wait_for_status("InService", poll=1)
answers = []
for enable in ("`true`", "`false`"):
    answer = endpoint.invoke(body=b"1,2,3", content_type="text/csv", accept="text/csv", enable_explanations=enable)
    answers.append(json.loads(answer.body.read()))
endpoint.refresh()
headers = endpoint.explainer_config.clarify_explainer_config.inference_config.feature_headers
print("ANSWERS", json.dumps({"answers": answers, "headers": headers, "written": written}))
"""


@needs_clarify
@pytest.mark.nightly  # one more explainer; by day the same requests go through boto3
def test_a_program_of_sdk_v3(aws: EndpointFixtures, local_aws: launch.Handle, tmp_path: Path) -> None:
    stem = aws.name("core")
    aws.endpoints.append(stem)
    found = json.loads(answers_of(local_aws, tmp_path, CORE, aws.model(MODEL, SKLEARN), stem))
    with_values, without = found["answers"]
    assert values(with_values["explanations"]["kernel_shap"][0])[:, 0] == pytest.approx(exact([1, 2, 3], [[0, 0, 0]], score))
    assert without["explanations"] == {} and found["headers"] == ["a", "b", "c"]
    aws.config({"ModelName": aws.model(MODEL, SKLEARN)}, ExplainerConfig=found["written"])


@needs_clarify
@pytest.mark.nightly  # a local AWS of its own, twice
def test_an_endpoint_comes_back_with_its_explainer(tmp_path: Path) -> None:
    """After the death of the local AWS, from what its state has of the endpoint."""
    handle = launch.start(tmp_path)
    try:
        aws = fixtures_of(handle)
        name = deploy(aws, aws.model(MODEL, SKLEARN), clarify(InferenceConfig=INFERENCE))
        before = explained(aws, name, "1,2,3")
        killed = psutil.Process(handle.pid)
        killed.kill()
        psutil.wait_procs([killed], SLOW)  # it holds the lock of the folder until then
        handle = launch.start(tmp_path)
        aws = fixtures_of(handle)
        assert until(lambda: answer_in_time(aws, name), "the endpoint is back", SLOW) == before
    finally:
        handle.stop()


@needs_clarify
@pytest.mark.nightly  # a local AWS of its own
@pytest.mark.skipif(best_mode() != "namespace", reason="no user namespaces on this machine, until 2027-05-24")
def test_an_explainer_reaches_its_model_in_a_sealed_local_aws() -> None:
    with launch.temporary(sealed=True) as handle:
        aws = fixtures_of(handle)
        name = deploy(aws, aws.model(MODEL, SKLEARN), clarify(InferenceConfig=INFERENCE))
        assert values(explained(aws, name, "1,2,3")["explanations"]["kernel_shap"][0]).any()
        aws.close()
