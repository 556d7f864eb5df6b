"""The step cache through boto3: which runs are reused, and which are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.localaws.sagemaker.pipelines.cache import key_of
from course.localaws.sagemaker.pipelines.language.cache_config import seconds
from course.localaws.sagemaker.pipelines.language.definition import Step
from course.localaws.server import launch
from tests.localaws.boto_clients import client_factory
from tests.localaws.refusals import refused
from tests.localaws.sagemaker.pipelines.definitions import get
from tests.localaws.sagemaker.pipelines.pipeline_fixtures import BUCKET, PipelineFixtures

ALWAYS = {"Enabled": True, "ExpireAfter": "P30D"}
WRITE = (
    "import os\nos.makedirs('/opt/ml/processing/out', exist_ok=True)\nopen('/opt/ml/processing/out/a.json', 'w').write('{\"auc\": 0.8}')"
)


@pytest.fixture(scope="module")
def pipelines(client) -> PipelineFixtures:
    return PipelineFixtures(client)


def source(pipelines: PipelineFixtures, arn: str, step: str) -> str | None:
    """The execution whose result a step took."""
    return pipelines.steps(arn)[step].get("CacheHitResult", {}).get("SourcePipelineExecutionArn")


def test_a_step_with_the_same_arguments_takes_the_earlier_result(pipelines: PipelineFixtures) -> None:
    output = {"Std:Join": {"On": "/", "Values": [f"s3://{BUCKET}", get("Execution.PipelineExecutionId")]}}
    files = [{"PropertyFileName": "metrics", "OutputName": "out", "FilePath": "a.json"}]
    first = pipelines.processing("first", WRITE, output=output, CacheConfig=ALWAYS, PropertyFiles=files)
    made = get("Steps.first.ProcessingOutputConfig.Outputs['out'].S3Output.S3Uri")
    auc = {"Std:JsonGet": {"PropertyFile": get("Steps.first.PropertyFiles.metrics"), "Path": "auc"}}
    second = pipelines.processing("second", inputs={"data": made}, CacheConfig={"Enabled": True, "ExpireAfter": "t12h"})
    second["Arguments"]["Environment"] = {"AUC": {"Std:Join": {"On": "", "Values": [auc]}}}
    name = pipelines.create([first, second])

    original = pipelines.run(name)
    assert [source(pipelines, original, step) for step in ("first", "second")] == [None, None]
    again = pipelines.run(name)
    # The second step's input is the output of the original job. So it is a hit too, although each execution has a folder of its own.
    assert [source(pipelines, again, step) for step in ("first", "second")] == [original, original]
    assert pipelines.sagemaker.describe_pipeline_execution(PipelineExecutionArn=again)["PipelineExecutionStatus"] == "Succeeded"
    before, after = pipelines.steps(original)["first"], pipelines.steps(again)["first"]
    assert after["Metadata"] == before["Metadata"] and after["StepStatus"] == "Succeeded" and after["StartTime"] > before["EndTime"]
    third = pipelines.run(name)
    assert source(pipelines, third, "first") == original  # the execution that has the job, not the one that took its result

    other = pipelines.create([first, second])
    assert source(pipelines, pipelines.run(other), "first") is None  # no other pipeline takes it


def test_the_arguments_of_the_key_decide_and_no_others(pipelines: PipelineFixtures) -> None:
    definition = {
        "Parameters": [
            {"Name": "Mode", "Type": "String", "DefaultValue": "fast"},
            {"Name": "Disk", "Type": "Integer", "DefaultValue": 5},
            {"Name": "Folder", "Type": "String", "DefaultValue": "a"},
        ]
    }
    step = pipelines.processing("step", WRITE, output={"Std:Join": {"On": "/", "Values": [f"s3://{BUCKET}", get("Parameters.Folder")]}})
    step["CacheConfig"] = ALWAYS
    step["Arguments"]["Environment"] = {"MODE": get("Parameters.Mode")}
    step["Arguments"]["ProcessingResources"]["ClusterConfig"]["VolumeSizeInGB"] = get("Parameters.Disk")
    name = pipelines.create(definition | {"Steps": [step]})
    original = pipelines.run(name)
    # Instances and outputs are no part of the key, so the result stays in the folder of the original run.
    assert source(pipelines, pipelines.run(name, Disk=7, Folder="b"), "step") == original
    slow = pipelines.run(name, Mode="slow")
    assert source(pipelines, slow, "step") is None
    assert source(pipelines, pipelines.run(name), "step") == original  # the results of both keys are kept
    assert source(pipelines, pipelines.run(name, Mode="slow"), "step") == slow

    pipelines.put("code/step.py", "raise SystemExit('changed')")  # the content of a file is no part of the key, only its URI
    assert source(pipelines, pipelines.run(name), "step") == original
    step["CacheConfig"] = {"Enabled": False, "ExpireAfter": "P30D"}
    pipelines.create(definition | {"Steps": [step]}, name)
    assert pipelines.ended(pipelines.start(name))["PipelineExecutionStatus"] == "Failed"  # without cache, the changed program runs
    step["CacheConfig"] = {"Enabled": True}
    pipelines.create(definition | {"Steps": [step]}, name)
    assert source(pipelines, pipelines.run(name), "step") == original  # a failed run is never reused


def test_a_run_without_cache_is_reused_when_the_cache_is_turned_on(pipelines: PipelineFixtures) -> None:
    step = pipelines.processing("step")
    name = pipelines.create([step])
    pipelines.run(name)
    latest = pipelines.run(name)
    pipelines.create([step | {"CacheConfig": ALWAYS}], name)
    assert source(pipelines, pipelines.run(name), "step") == latest


def test_a_script_at_a_new_uri_is_no_hit(pipelines: PipelineFixtures) -> None:
    """SDK v3 uploads the code of a training step to a new URI each time that a definition is made."""
    step = pipelines.processing("step", CacheConfig=ALWAYS)
    name = pipelines.create([step])
    original = pipelines.run(name)
    step["Arguments"]["ProcessingInputs"][0]["S3Input"]["S3Uri"] = pipelines.put("code-2/step.py", "")
    pipelines.create([step], name)
    again = pipelines.run(name)
    assert source(pipelines, again, "step") is None
    assert source(pipelines, pipelines.run(name), "step") == again != original


def test_the_steps_of_a_loop_are_reused_one_by_one(pipelines: PipelineFixtures) -> None:
    body = pipelines.processing("body", CacheConfig=ALWAYS)
    body["Arguments"]["Environment"] = {"MONTH": get("ForEach.CurrentItem")}
    months = ["june", get("Parameters.Second")]
    loop = {"Name": "loop", "Type": "ForEach", "Arguments": {"IterableItems": months, "MaxConcurrency": 2, "ForEachBody": [body]}}
    name = pipelines.create({"Parameters": [{"Name": "Second", "Type": "String"}], "Steps": [loop]})
    original = pipelines.run(name, Second="july")
    again = pipelines.run(name, Second="august")
    assert [source(pipelines, again, step) for step in ("body-0", "body-1")] == [original, None]


def test_a_new_pipeline_of_the_same_name_has_an_empty_cache(pipelines: PipelineFixtures) -> None:
    step = pipelines.processing("step", CacheConfig=ALWAYS)
    name = pipelines.create([step])
    pipelines.run(name)
    pipelines.sagemaker.delete_pipeline(PipelineName=name)
    assert source(pipelines, pipelines.run(pipelines.create([step], name)), "step") is None


@pytest.mark.nightly  # its own local AWS, whose clock is advanced
def test_a_result_expires(tmp_path) -> None:
    handle = launch.start(tmp_path / "state")  # its clock is advanced
    try:
        pipelines = PipelineFixtures(client_factory(handle))
        name = pipelines.create([pipelines.processing("step", CacheConfig={"Enabled": True, "ExpireAfter": "P1DT6H"})])
        original = pipelines.run(name)
        handle.advance(29 * 3600)
        assert source(pipelines, pipelines.run(name), "step") == original
        handle.advance(3600)  # 30 hours after the original run: taking its result has not made it younger
        assert source(pipelines, pipelines.run(name), "step") is None
    finally:
        handle.stop()


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"Enabled": True, "ExpireAfter": "30 days"}, "ExpireAfter: '30 days' is not an ISO 8601 duration such as P30D, PT12H or P1DT6H"),
        ({"Enabled": True, "ExpireAfter": 30}, "ExpireAfter"),
        ({"Enabled": "yes"}, "Enabled must be true or false"),
        ({"Enabled": True, "Expire": "P1D"}, "it must be an object with Enabled and ExpireAfter"),
        ("on", "it must be an object with Enabled and ExpireAfter"),
    ],
)
def test_a_wrong_configuration_is_refused(pipelines: PipelineFixtures, config: object, reason: str) -> None:
    code, message = refused(pipelines.create, [pipelines.processing("step", CacheConfig=config)])
    assert code == "ValidationException" and f"$.Steps[0].CacheConfig: {reason}" in message


TRAINING = {"AlgorithmSpecification": 1, "InputDataConfig": 2, "HyperParameters": 3, "ResourceConfig": 4, "OutputDataConfig": 5}
RANGES = {"HyperParameterRanges": 1, "ResourceConfig": 2, "RoleArn": 3}
TUNING = {"HyperParameterTuningJobConfig": 1, "TrainingJobDefinition": RANGES, "TrainingJobDefinitions": [RANGES], "WarmStartConfig": 4}
TRANSFORM = {"ModelName": "m", "TransformInput": 1, "TransformOutput": 2, "TransformResources": 3}


@pytest.mark.parametrize(
    ("kind", "arguments", "change", "same"),
    [
        ("Training", TRAINING, {"HyperParameters": 4}, False),
        ("Training", TRAINING, {"Environment": {"A": "b"}}, False),
        ("Training", TRAINING, {"ResourceConfig": 5, "OutputDataConfig": 6, "RoleArn": "r", "Tags": []}, True),
        ("Tuning", TUNING, {"HyperParameterTuningJobConfig": 2}, False),
        ("Tuning", TUNING, {"TrainingJobDefinition": RANGES | {"HyperParameterRanges": 2}}, False),
        ("Tuning", TUNING, {"TrainingJobDefinition": RANGES | {"ResourceConfig": 3, "RoleArn": 4}, "WarmStartConfig": 5}, True),
        ("Tuning", TUNING, {"TrainingJobDefinitions": [RANGES | {"ResourceConfig": 3}]}, True),
        ("Tuning", TUNING, {"TrainingJobDefinitions": [RANGES, RANGES]}, False),
        ("Transform", TRANSFORM, {"ModelName": "n"}, False),  # a model of the same execution has a new name, so it is never a hit
        ("Transform", TRANSFORM, {"TransformOutput": 3, "TransformResources": 4, "BatchStrategy": "MultiRecord"}, True),
    ],
)
def test_each_type_of_step_has_its_key(kind: str, arguments: dict, change: dict, same: bool) -> None:
    step = Step("step", kind, {}, "$.Steps[0]")
    assert (key_of(step, arguments) == key_of(step, arguments | change)) is same
    assert key_of(step, arguments) != key_of(Step("other", kind, {}, "$.Steps[1]"), arguments)


def test_other_types_have_no_key() -> None:
    assert {key_of(Step("step", kind, {}, "$"), {}) for kind in ("Model", "RegisterModel", "Lambda", "Endpoint", "Condition")} == {""}


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("30d", 30 * 86_400), ("5y", 5 * 365 * 86_400), ("T16m", 16 * 60), ("30dT5h", 30 * 86_400 + 5 * 3600), ("p30d", 30 * 86_400),
        ("P4DT12H", 4 * 86_400 + 12 * 3600), ("PT1H", 3600), ("P1M", 30 * 86_400), ("P2W", 14 * 86_400), ("PT0.5H", 1800), ("PT0S", 0),
    ],
)  # fmt: skip
def test_a_duration_has_a_length(text: str, length: float) -> None:
    assert seconds(text) == length


@pytest.mark.parametrize("text", ["", "P", "T", "PT", "1", "P1", "1H", "P1H", "P1DT", "-P1D", "P1D ", "P1.D", "PT1M1H", "P١D"])
def test_other_texts_are_no_durations(text: str) -> None:
    with pytest.raises(ValueError, match="ISO 8601"):
        seconds(text)


PARTS = st.lists(st.integers(0, 9999), min_size=7, max_size=7).filter(any)


@given(PARTS, st.booleans(), st.booleans())
def test_every_duration_is_the_sum_of_its_parts(parts: list[int], prefix: bool, small: bool) -> None:
    date = "".join(f"{number}{unit}" for number, unit in zip(parts[:4], "YMWD", strict=True) if number)
    clock = "".join(f"{number}{unit}" for number, unit in zip(parts[4:], "HMS", strict=True) if number)
    text = ("P" if prefix else "") + date + (f"T{clock}" if clock else "")
    lengths = (365 * 86_400, 30 * 86_400, 7 * 86_400, 86_400, 3600, 60, 1)
    expected = sum(number * length for number, length in zip(parts, lengths, strict=True))
    assert seconds(text.lower() if small else text) == expected
