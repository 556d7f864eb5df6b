"""What expressions become in an execution: variables, properties, and values in JSON files. Steps create models, which takes no time."""

from __future__ import annotations

import re

import pytest

from tests.localaws.sagemaker.job_fixtures import ROLE
from tests.localaws.sagemaker.pipelines.definitions import get, model
from tests.localaws.sagemaker.pipelines.pipeline_fixtures import BUCKET, PipelineFixtures

WRITE = """
import os
os.makedirs("/opt/ml/processing/out/deep")
open("/opt/ml/processing/out/deep/r.json", "w").write('{"a": [1, {"b c": 0.25}]}')
"""


@pytest.fixture(scope="module")
def fixtures(client) -> PipelineFixtures:
    return PipelineFixtures(client)


def joined(*values: object, on: str = "") -> dict:
    return {"Std:Join": {"On": on, "Values": list(values)}}


def json_get(uri: object, path: str) -> dict:
    return {"Std:JsonGet": {"S3Uri": uri, "Path": path}}


def test_variables_of_the_execution(fixtures: PipelineFixtures) -> None:
    names = ["PipelineName", "PipelineArn", "PipelineExecutionId", "PipelineExecutionArn", "StartDateTime", "CurrentDateTime"]
    step = model("m", **{name: get(f"Execution.{name}") for name in names}, TRIAL=get("PipelineExperimentConfig.TrialName"))
    config = {"ExperimentName": "values", "TrialName": joined("run", get("Execution.PipelineExecutionId"), on="-")}
    name = fixtures.create({"Steps": [step], "PipelineExperimentConfig": config})
    arn = fixtures.run(name)
    found = fixtures.environment(fixtures.steps(arn)["m"])
    execution = arn.rpartition("/")[2]
    assert (found["PipelineName"], found["PipelineExecutionId"], found["PipelineExecutionArn"]) == (name, execution, arn)
    assert arn.startswith(found["PipelineArn"] + "/execution/")
    assert found["TRIAL"] == f"run-{execution}"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", found["StartDateTime"])
    assert found["StartDateTime"] <= found["CurrentDateTime"]


def test_parameters_keep_their_types_and_become_text_in_a_join(fixtures: PipelineFixtures) -> None:
    listed = [{"Name": "f", "Type": "Float", "DefaultValue": 0.5}, {"Name": "b", "Type": "Boolean", "DefaultValue": False}, {"Name": "s"}]
    step = model("m", ALL=joined(get("Parameters.f"), get("Parameters.b"), get("Parameters.s"), 1, on=","))
    name = fixtures.create({"Parameters": listed, "Steps": [step]})
    assert fixtures.environment(fixtures.steps(fixtures.run(name, b=True, s="x"))["m"])["ALL"] == "0.5,true,x,1"


def test_values_in_json_files_of_s3(fixtures: PipelineFixtures) -> None:
    fixtures.put("values/k.json", '{"a": {"b": ["x", "y"]}, "a.b": 2}')
    uri = joined(f"s3://{BUCKET}", "values", "k.json", on="/")
    step = model("m", X=json_get(uri, "a.b[1]"), Y=joined(json_get(uri, "$['a.b']")))
    assert fixtures.environment(fixtures.steps(fixtures.run(fixtures.create([step])))["m"]) == {"X": "y", "Y": "2"}


@pytest.mark.parametrize(
    ("body", "path", "reason"),
    [
        (None, "a", "from S3: NoSuchKey: The specified key does not exist."),
        ("{", "a", "is not JSON"),
        ('{"a": 1}', "b", "'b' of the path 'b' was not found"),
        (" " * (2 << 20) + "{}", "a", "is larger than 2097152 bytes"),
    ],
)
def test_a_json_file_that_has_no_value_fails_the_step(fixtures: PipelineFixtures, body: str | None, path: str, reason: str) -> None:
    key = fixtures.name("values/file")
    if body is not None:
        fixtures.put(key, body)
    arn = fixtures.run(fixtures.create([model("m", X=json_get(f"s3://{BUCKET}/{key}", path))]))
    failure = fixtures.steps(arn)["m"]["FailureReason"]
    assert reason in failure
    assert f"s3://{BUCKET}/{key}" in failure


def test_property_files(fixtures: PipelineFixtures) -> None:
    uri = joined(f"s3://{BUCKET}", get("Execution.PipelineExecutionId"), on="/")
    files = [{"PropertyFileName": "my report.v1", "OutputName": "out", "FilePath": "deep/r.json"}]
    report = {"Std:JsonGet": {"PropertyFile": get("Steps.p.PropertyFiles.my report.v1"), "Path": "a[1]['b c']"}}
    step = model("m", X=joined(report), URI=get("Steps.p.ProcessingOutputConfig.Outputs['out'].S3Output.S3Uri"))
    arn = fixtures.run(fixtures.create([step, fixtures.processing("p", WRITE, output=uri, PropertyFiles=files)]))
    assert fixtures.environment(fixtures.steps(arn)["m"]) == {"X": "0.25", "URI": f"s3://{BUCKET}/{arn.rpartition('/')[2]}"}


def test_a_definition_from_s3(fixtures: PipelineFixtures) -> None:
    fixtures.put("values/definition.json", '{"Steps": [{"Name": "f", "Type": "Fail", "Arguments": {"ErrorMessage": "from S3"}}]}')
    name, place = fixtures.name(), {"Bucket": BUCKET, "ObjectKey": "values/definition.json"}
    fixtures.sagemaker.create_pipeline(PipelineName=name, PipelineDefinitionS3Location=place, RoleArn=ROLE)
    assert fixtures.steps(fixtures.run(name))["f"]["FailureReason"] == "from S3"


def test_a_property_that_the_resource_does_not_have_fails_the_step(fixtures: PipelineFixtures) -> None:
    steps = [model("a"), model("b", X=get("Steps.a.PrimaryContainer.ModelDataUrl"))]
    failure = fixtures.steps(fixtures.run(fixtures.create(steps)))["b"]["FailureReason"]
    assert "Failed to get 'Steps.a.PrimaryContainer.ModelDataUrl': 'ModelDataUrl' of the path" in failure
