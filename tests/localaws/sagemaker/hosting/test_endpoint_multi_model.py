"""Multi-model endpoints: models are loaded on demand and unloaded when memory is short, by boto3 against a real local AWS."""

from __future__ import annotations

import json
import time

import pytest
from botocore.exceptions import ClientError

from course.localaws.server import launch
from tests.localaws.sagemaker.hosting.endpoint_fixtures import (
    ROLE,
    SKLEARN,
    XGBOOST,
    EndpointFixtures,
    archive,
    booster_file,
    fixtures_of,
    script,
    until,
)

# Answers with the name of its model and the process; "die" ends the process.
NAMED = """
import os
from pathlib import Path
def model_fn(model_dir):
    name = Path(model_dir, "name").read_text()
    if name == "broken":
        raise RuntimeError("this model is broken")
    return name, bytearray(os.urandom(1 << 20)) * int(Path(model_dir, "mebibytes").read_text())
def transform_fn(model, data, content_type, accept):
    if data == "die":
        os._exit(3)
    return f"{model[0]}:{os.getpid()}:{data}", "text/plain"
"""


@pytest.fixture(scope="module")
def aws(client):
    aws = EndpointFixtures(client)
    yield aws
    aws.close()


def put(aws: EndpointFixtures, prefix: str, name: str, files: dict[str, bytes] | bytes) -> None:
    body = files if isinstance(files, bytes) else archive(files)
    aws.s3.put_object(Bucket=aws.bucket, Key=f"{prefix}/{name}.tar.gz", Body=body)


def named(name: str, mebibytes: int = 0) -> dict[str, bytes]:
    return script(NAMED) | {"name": name.encode(), "mebibytes": str(mebibytes).encode()}


def deploy(aws: EndpointFixtures, prefix: str, image: str, environment: dict[str, str] | None = None, **more: object) -> str:
    """A multi-model endpoint on the models below a prefix."""
    model = aws.name("many")
    variant = {key: more.pop(key) for key in ("InstanceType", "InitialInstanceCount") if key in more}
    container = {"Image": image, "Mode": "MultiModel", "ModelDataUrl": f"s3://{aws.bucket}/{prefix}/", "Environment": environment or {}}
    aws.sagemaker.create_model(ModelName=model, ExecutionRoleArn=ROLE, PrimaryContainer=container | more)
    name = aws.create(aws.config({"ModelName": model, **variant}))
    described = aws.settled(name)
    assert described["EndpointStatus"] == "InService", described.get("FailureReason")
    return name


@pytest.fixture(scope="module")
def airports(aws) -> str:
    """Three boosters that predict a constant each, and invalid archives."""
    for name, constant in (("a/jfk", 0.2), ("a/lga", 0.7), ("ewr", 0.4)):
        put(aws, "airports", name, booster_file(constant))
    put(aws, "airports", "torn", b"no archive")
    put(aws, "airports", "empty", {"code/readme": b"no model"})
    return deploy(aws, "airports", XGBOOST)


SCRIPT = {"SAGEMAKER_PROGRAM": "inference.py"}
TINY = "ml.t2.medium"  # gives models 256 MiB here


@pytest.fixture(scope="module")
def scripts(aws) -> str:
    for name in ("one", "two", "three", "broken"):
        put(aws, "scripts", name, named(name))
    return deploy(aws, "scripts", SKLEARN, SCRIPT)


def error(aws: EndpointFixtures, name: str, **more: object) -> dict:
    with pytest.raises(ClientError) as raised:
        aws.invoke(name, **more)
    return raised.value.response


def values(aws: EndpointFixtures, endpoint: str, metric: str, namespace: str = "AWS/SageMaker") -> dict:
    """Sum and number of a metric's values."""
    dimensions = [{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": "AllTraffic"}]
    asked = {"Namespace": namespace, "MetricName": metric, "Dimensions": dimensions, "Period": 3600, "Statistics": ["Sum", "SampleCount"]}
    points = aws.cloudwatch.get_metric_statistics(**asked, StartTime=time.time() - 3600, EndTime=time.time() + 3600)["Datapoints"]
    return {key: sum(point[key] for point in points) for key in ("Sum", "SampleCount")}


def test_models_are_loaded_when_they_are_asked_for_and_stay(aws, airports):
    for _ in range(2):
        for name, constant in (("a/jfk", 0.2), ("a/lga", 0.7), ("ewr", 0.4)):
            assert json.loads(aws.invoke(airports, TargetModel=f"{name}.tar.gz")) == [pytest.approx(constant, abs=0.01)]
    assert values(aws, airports, "ModelCacheHit") == {"Sum": 3.0, "SampleCount": 6.0}
    for metric in ("ModelLoadingTime", "ModelDownloadingTime", "ModelLoadingWaitTime"):
        measured = values(aws, airports, metric)
        assert measured["SampleCount"] == 3 and measured["Sum"] > 0
    assert values(aws, airports, "LoadedModelCount", "/aws/sagemaker/Endpoints")["Sum"] >= 3


def test_a_model_that_comes_later_needs_no_update(aws, airports):
    put(aws, "airports", "later", booster_file(0.9))
    assert json.loads(aws.invoke(airports, TargetModel="later.tar.gz")) == [pytest.approx(0.9, abs=0.01)]


def test_xgboost_answers_in_a_special_format_when_it_serves_many_models(aws, airports):
    asked = {"TargetModel": "ewr.tar.gz", "body": "1,2,3\n4,5,6"}
    first, second = json.loads(aws.invoke(airports, **asked, Accept="application/json"))
    assert first == second == pytest.approx(0.4, abs=0.01)
    request = {"EndpointName": airports, "TargetModel": "ewr.tar.gz", "Body": asked["body"], "ContentType": "text/csv"}
    answer = aws.runtime.invoke_endpoint(**request, Accept="text/csv")
    assert (answer["Body"].read().decode(), answer["ContentType"]) == (f"{first},{second}", "text/csv")  # not Flask's header
    refusal = error(aws, airports, **asked, Accept="application/jsonlines")
    assert (refusal["OriginalStatusCode"], "Please choose one of the following" in refusal["OriginalMessage"]) == (415, True)


def test_a_model_that_is_not_there(aws, airports):
    refusal = error(aws, airports, TargetModel="none.tar.gz")["Error"]
    assert refusal["Code"] == "ValidationError"
    assert "Failed to download model data" in refusal["Message"] and "airports/none.tar.gz" in refusal["Message"]


def test_a_file_that_is_not_an_archive_is_refused(aws, airports):
    refusal = error(aws, airports, TargetModel="torn.tar.gz")["Error"]
    assert (refusal["Code"], "valid tar.gz archive" in refusal["Message"]) == ("ValidationError", True)


def test_a_model_that_cannot_be_loaded_says_why_and_the_others_go_on(aws, scripts):
    refusal = error(aws, scripts, TargetModel="broken.tar.gz")
    assert (refusal["Error"]["Code"], refusal["OriginalStatusCode"]) == ("ModelError", 500)
    assert "RuntimeError: this model is broken" in refusal["OriginalMessage"]
    until(lambda: "this model is broken" in aws.log(scripts), "the traceback is in the log")
    assert aws.invoke(scripts, TargetModel="one.tar.gz").startswith("one:")


def test_scripts_of_models_do_not_meet(aws, scripts):
    answers = [aws.invoke(scripts, "x", TargetModel=f"{name}.tar.gz").split(":") for name in ("one", "two", "one")]
    assert [name for name, _, _ in answers] == ["one", "two", "one"]
    assert answers[0][1] == answers[2][1] != answers[1][1]


def test_a_multi_model_endpoint_needs_a_target_model(aws, airports):
    refusal = error(aws, airports)["Error"]
    assert (refusal["Code"], refusal["Message"].endswith("is missing a target model header.")) == ("ValidationError", True)


def test_a_model_whose_process_ends_is_loaded_again_and_the_others_do_not_notice(aws, scripts):
    first, other = (aws.invoke(scripts, "x", TargetModel=f"{name}.tar.gz") for name in ("three", "one"))
    refusal = error(aws, scripts, body="die", TargetModel="three.tar.gz")
    assert (refusal["Error"]["Code"], refusal["OriginalStatusCode"]) == ("ModelError", 500)
    again = aws.invoke(scripts, "x", TargetModel="three.tar.gz")
    assert again.startswith("three:") and again != first
    assert aws.invoke(scripts, "x", TargetModel="one.tar.gz") == other


@pytest.mark.nightly  # loads five models
def test_the_model_used_last_stays_when_there_is_no_memory_for_all(aws):
    prefix = aws.name("large")
    for name in ("a", "b", "c"):
        put(aws, prefix, name, named(name, 100))
    endpoint = deploy(aws, prefix, SKLEARN, SCRIPT, InstanceType=TINY)
    for name in ("a", "b", "a", "c", "a"):  # c takes the place of b
        assert aws.invoke(endpoint, TargetModel=f"{name}.tar.gz").startswith(f"{name}:")
    assert values(aws, endpoint, "ModelCacheHit") == {"Sum": 2.0, "SampleCount": 5.0}
    assert values(aws, endpoint, "ModelUnloadingTime")["SampleCount"] == 1
    assert aws.invoke(endpoint, TargetModel="b.tar.gz").startswith("b:")
    assert values(aws, endpoint, "ModelCacheHit")["Sum"] == 2.0


@pytest.mark.nightly  # an endpoint of its own
def test_a_model_that_is_too_large_for_the_instance(aws):
    prefix = aws.name("giant")
    put(aws, prefix, "giant", named("giant", 400))
    endpoint = deploy(aws, prefix, SKLEARN, SCRIPT, InstanceType=TINY)
    refusal = error(aws, endpoint, TargetModel="giant.tar.gz")
    assert (refusal["Error"]["Code"], refusal["OriginalStatusCode"]) == ("ModelError", 507)


@pytest.mark.nightly  # an endpoint of its own
def test_without_a_cache_a_model_is_loaded_for_every_request(aws):
    prefix = aws.name("fresh")
    put(aws, prefix, "one", named("one"))
    endpoint = deploy(aws, prefix, SKLEARN, SCRIPT, MultiModelConfig={"ModelCacheSetting": "Disabled"})
    assert aws.invoke(endpoint, "x", TargetModel="one.tar.gz") != aws.invoke(endpoint, "x", TargetModel="one.tar.gz")
    assert values(aws, endpoint, "ModelCacheHit") == {"Sum": 0.0, "SampleCount": 2.0}


@pytest.mark.nightly  # two endpoints
@pytest.mark.parametrize("mode", ["namespace", "rewrite"])
def test_in_both_modes_of_opt_ml(tmp_path, monkeypatch, mode):
    if mode == "rewrite":
        monkeypatch.setenv("COURSE_NO_USERNS", "1")
    handle = launch.start(tmp_path / "state")
    try:
        aws = fixtures_of(handle)
        reads = {
            "code/inference.py": b"import glob\ndef model_fn(d): return sorted(glob.glob('/opt/ml/models/*/model/*'))\n"
            b"def transform_fn(model, *_): return str(len(model)), 'text/plain'"
        }
        put(aws, "m", "one", reads)
        assert aws.invoke(deploy(aws, "m", SKLEARN, SCRIPT), TargetModel="one.tar.gz") == "1"
    finally:
        handle.stop()


@pytest.mark.nightly  # one instance by day
def test_two_instances_keep_a_model_each_where_it_is(aws, airports):
    put(aws, "pair", "one", named("one"))
    endpoint = deploy(aws, "pair", SKLEARN, SCRIPT, InitialInstanceCount=2)
    assert len({aws.invoke(endpoint, "x", TargetModel="one.tar.gz") for _ in range(6)}) == 1
    assert values(aws, endpoint, "ModelCacheHit") == {"Sum": 5.0, "SampleCount": 6.0}


def test_an_image_that_serves_one_model_only(aws):
    kmeans = "382416733822.dkr.ecr.us-east-1.amazonaws.com/kmeans:1"
    container = {"Image": kmeans, "Mode": "MultiModel", "ModelDataUrl": f"s3://{aws.bucket}/airports/"}
    with pytest.raises(ClientError, match="does not contain required com.amazonaws.sagemaker.capabilities.multi-models=true Docker label"):
        aws.sagemaker.create_model(ModelName=aws.name("model"), ExecutionRoleArn=ROLE, PrimaryContainer=container)


def test_an_endpoint_of_one_model_takes_no_target(aws):
    name = aws.deploy(booster_file())
    assert "is not a multi-model endpoint" in error(aws, name, TargetModel="a.tar.gz")["Error"]["Message"]
