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
def world(client):
    world = EndpointFixtures(client)
    yield world
    world.close()


def put(world: EndpointFixtures, prefix: str, name: str, files: dict[str, bytes] | bytes) -> None:
    body = files if isinstance(files, bytes) else archive(files)
    world.s3.put_object(Bucket=world.bucket, Key=f"{prefix}/{name}.tar.gz", Body=body)


def named(name: str, mebibytes: int = 0) -> dict[str, bytes]:
    return script(NAMED) | {"name": name.encode(), "mebibytes": str(mebibytes).encode()}


def deploy(world: EndpointFixtures, prefix: str, image: str, environment: dict[str, str] | None = None, **more: object) -> str:
    """A multi-model endpoint on the models below a prefix."""
    model = world.name("many")
    variant = {key: more.pop(key) for key in ("InstanceType", "InitialInstanceCount") if key in more}
    container = {"Image": image, "Mode": "MultiModel", "ModelDataUrl": f"s3://{world.bucket}/{prefix}/", "Environment": environment or {}}
    world.sagemaker.create_model(ModelName=model, ExecutionRoleArn=ROLE, PrimaryContainer=container | more)
    name = world.create(world.config({"ModelName": model, **variant}))
    described = world.settled(name)
    assert described["EndpointStatus"] == "InService", described.get("FailureReason")
    return name


@pytest.fixture(scope="module")
def airports(world) -> str:
    """Three boosters that predict a constant each, and invalid archives."""
    for name, constant in (("a/jfk", 0.2), ("a/lga", 0.7), ("ewr", 0.4)):
        put(world, "airports", name, booster_file(constant))
    put(world, "airports", "torn", b"no archive")
    put(world, "airports", "empty", {"code/readme": b"no model"})
    return deploy(world, "airports", XGBOOST)


SCRIPT = {"SAGEMAKER_PROGRAM": "inference.py"}
TINY = "ml.t2.medium"  # gives models 256 MiB here


@pytest.fixture(scope="module")
def scripts(world) -> str:
    for name in ("one", "two", "three", "broken"):
        put(world, "scripts", name, named(name))
    return deploy(world, "scripts", SKLEARN, SCRIPT)


def error(world: EndpointFixtures, name: str, **more: object) -> dict:
    with pytest.raises(ClientError) as raised:
        world.invoke(name, **more)
    return raised.value.response


def values(world: EndpointFixtures, endpoint: str, metric: str, namespace: str = "AWS/SageMaker") -> dict:
    """Sum and number of a metric's values."""
    dimensions = [{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": "AllTraffic"}]
    asked = {"Namespace": namespace, "MetricName": metric, "Dimensions": dimensions, "Period": 3600, "Statistics": ["Sum", "SampleCount"]}
    points = world.cloudwatch.get_metric_statistics(**asked, StartTime=time.time() - 3600, EndTime=time.time() + 3600)["Datapoints"]
    return {key: sum(point[key] for point in points) for key in ("Sum", "SampleCount")}


def test_models_are_loaded_when_they_are_asked_for_and_stay(world, airports):
    for _ in range(2):
        for name, constant in (("a/jfk", 0.2), ("a/lga", 0.7), ("ewr", 0.4)):
            assert json.loads(world.invoke(airports, TargetModel=f"{name}.tar.gz")) == [pytest.approx(constant, abs=0.01)]
    assert values(world, airports, "ModelCacheHit") == {"Sum": 3.0, "SampleCount": 6.0}
    for metric in ("ModelLoadingTime", "ModelDownloadingTime", "ModelLoadingWaitTime"):
        measured = values(world, airports, metric)
        assert measured["SampleCount"] == 3 and measured["Sum"] > 0
    assert values(world, airports, "LoadedModelCount", "/aws/sagemaker/Endpoints")["Sum"] >= 3


def test_a_model_that_comes_later_needs_no_update(world, airports):
    put(world, "airports", "later", booster_file(0.9))
    assert json.loads(world.invoke(airports, TargetModel="later.tar.gz")) == [pytest.approx(0.9, abs=0.01)]


def test_xgboost_answers_for_one_of_many_models_in_a_form_of_its_own(world, airports):
    asked = {"TargetModel": "ewr.tar.gz", "body": "1,2,3\n4,5,6"}
    first, second = json.loads(world.invoke(airports, **asked, Accept="application/json"))
    assert first == second == pytest.approx(0.4, abs=0.01)
    assert world.invoke(airports, **asked, Accept="text/csv") == f"{first},{second}"
    told = error(world, airports, **asked, Accept="application/jsonlines")
    assert (told["OriginalStatusCode"], "Please choose one of the following" in told["OriginalMessage"]) == (415, True)


def test_a_model_that_is_not_there(world, airports):
    told = error(world, airports, TargetModel="none.tar.gz")["Error"]
    assert told["Code"] == "ValidationError"
    assert "Failed to download model data" in told["Message"] and "airports/none.tar.gz" in told["Message"]


def test_an_archive_that_is_none(world, airports):
    told = error(world, airports, TargetModel="torn.tar.gz")["Error"]
    assert (told["Code"], "valid tar.gz archive" in told["Message"]) == ("ValidationError", True)


def test_a_model_that_cannot_be_loaded_says_why_and_the_others_go_on(world, scripts):
    told = error(world, scripts, TargetModel="broken.tar.gz")
    assert (told["Error"]["Code"], told["OriginalStatusCode"]) == ("ModelError", 500)
    assert "RuntimeError: this model is broken" in told["OriginalMessage"]
    until(lambda: "this model is broken" in world.log(scripts), "the traceback is in the log")
    assert world.invoke(scripts, TargetModel="one.tar.gz").startswith("one:")


def test_scripts_of_models_do_not_meet(world, scripts):
    answers = [world.invoke(scripts, "x", TargetModel=f"{name}.tar.gz").split(":") for name in ("one", "two", "one")]
    assert [name for name, _, _ in answers] == ["one", "two", "one"]
    assert answers[0][1] == answers[2][1] != answers[1][1]


def test_what_a_multi_model_endpoint_is_asked_without_a_model(world, airports):
    told = error(world, airports)["Error"]
    assert (told["Code"], told["Message"].endswith("is missing a target model header.")) == ("ValidationError", True)


def test_a_model_whose_process_ends_is_loaded_again_and_the_others_do_not_notice(world, scripts):
    first, other = (world.invoke(scripts, "x", TargetModel=f"{name}.tar.gz") for name in ("three", "one"))
    told = error(world, scripts, body="die", TargetModel="three.tar.gz")
    assert (told["Error"]["Code"], told["OriginalStatusCode"]) == ("ModelError", 500)
    again = world.invoke(scripts, "x", TargetModel="three.tar.gz")
    assert again.startswith("three:") and again != first
    assert world.invoke(scripts, "x", TargetModel="one.tar.gz") == other


def test_the_model_used_last_stays_when_there_is_no_memory_for_all(world):
    prefix = world.name("large")
    for name in ("a", "b", "c"):
        put(world, prefix, name, named(name, 100))
    endpoint = deploy(world, prefix, SKLEARN, SCRIPT, InstanceType=TINY)
    for name in ("a", "b", "a", "c", "a"):  # c takes the place of b
        assert world.invoke(endpoint, TargetModel=f"{name}.tar.gz").startswith(f"{name}:")
    assert values(world, endpoint, "ModelCacheHit") == {"Sum": 2.0, "SampleCount": 5.0}
    assert values(world, endpoint, "ModelUnloadingTime")["SampleCount"] == 1
    assert world.invoke(endpoint, TargetModel="b.tar.gz").startswith("b:")
    assert values(world, endpoint, "ModelCacheHit")["Sum"] == 2.0


def test_a_model_that_is_too_large_for_the_instance(world):
    prefix = world.name("giant")
    put(world, prefix, "giant", named("giant", 400))
    endpoint = deploy(world, prefix, SKLEARN, SCRIPT, InstanceType=TINY)
    told = error(world, endpoint, TargetModel="giant.tar.gz")
    assert (told["Error"]["Code"], told["OriginalStatusCode"]) == ("ModelError", 507)


def test_without_a_cache_a_model_is_loaded_for_every_request(world):
    prefix = world.name("fresh")
    put(world, prefix, "one", named("one"))
    endpoint = deploy(world, prefix, SKLEARN, SCRIPT, MultiModelConfig={"ModelCacheSetting": "Disabled"})
    assert world.invoke(endpoint, "x", TargetModel="one.tar.gz") != world.invoke(endpoint, "x", TargetModel="one.tar.gz")
    assert values(world, endpoint, "ModelCacheHit") == {"Sum": 0.0, "SampleCount": 2.0}


@pytest.mark.parametrize("mode", ["namespace", "rewrite"])
def test_in_both_modes_of_opt_ml(tmp_path, monkeypatch, mode):
    if mode == "rewrite":
        monkeypatch.setenv("COURSE_NO_USERNS", "1")
    handle = launch.start(tmp_path / "state")
    try:
        world = fixtures_of(handle)
        reads = {
            "code/inference.py": b"import glob\ndef model_fn(d): return sorted(glob.glob('/opt/ml/models/*/model/*'))\n"
            b"def transform_fn(model, *_): return str(len(model)), 'text/plain'"
        }
        put(world, "m", "one", reads)
        assert world.invoke(deploy(world, "m", SKLEARN, SCRIPT), TargetModel="one.tar.gz") == "1"
    finally:
        handle.stop()


def test_two_instances_keep_a_model_each_where_it_is(world, airports):
    put(world, "pair", "one", named("one"))
    endpoint = deploy(world, "pair", SKLEARN, SCRIPT, InitialInstanceCount=2)
    assert len({world.invoke(endpoint, "x", TargetModel="one.tar.gz") for _ in range(6)}) == 1
    assert values(world, endpoint, "ModelCacheHit") == {"Sum": 5.0, "SampleCount": 6.0}


def test_an_image_that_serves_one_model_only(world):
    kmeans = "382416733822.dkr.ecr.us-east-1.amazonaws.com/kmeans:1"
    container = {"Image": kmeans, "Mode": "MultiModel", "ModelDataUrl": f"s3://{world.bucket}/airports/"}
    with pytest.raises(ClientError, match="does not contain required com.amazonaws.sagemaker.capabilities.multi-models=true Docker label"):
        world.sagemaker.create_model(ModelName=world.name("model"), ExecutionRoleArn=ROLE, PrimaryContainer=container)


def test_an_endpoint_of_one_model_takes_no_target(world):
    name = world.deploy(booster_file())
    assert "is not a multi-model endpoint" in error(world, name, TargetModel="a.tar.gz")["Error"]["Message"]
