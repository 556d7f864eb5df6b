"""The parser of definitions with check steps: what it accepts, and what it refuses with the place in the JSON."""

from __future__ import annotations

import pytest

from tests.localaws.sagemaker.pipelines.check_fixtures import quality_check
from tests.localaws.sagemaker.pipelines.definitions import OUTPUTS, get, processing, read, refusal, training

PARAMETERS = [{"Name": "flag", "Type": "Boolean", "DefaultValue": False}, {"Name": "text"}, {"Name": "count", "Type": "Integer"}]
DATA = "s3://b/rows.csv"


def check(**members: object) -> dict:
    return quality_check("check", DATA, **members)


def test_what_the_sdks_write_is_accepted() -> None:
    """Flags and texts are plain values, parameters or results of other steps; each of them makes the step wait."""
    made = get("Steps.p.ProcessingOutputConfig.Outputs['out'].S3Output.S3Uri")
    flags = {"SkipCheck": get("Parameters.flag"), "RegisterNewBaseline": get("Parameters.flag"), "FailOnViolation": None}
    texts = {"ModelPackageGroupName": get("Parameters.text"), "SuppliedBaselineStatistics": made, "SuppliedBaselineConstraints": ""}
    cached = {"CacheConfig": {"Enabled": True, "ExpireAfter": "PT1H"}, "DependsOn": ["t"], "DisplayName": "c", "Description": "d"}
    found = read(check(**flags, **texts, **cached), processing(), training(), Parameters=PARAMETERS)
    assert found.steps["check"].triggers == {"p": "Completed", "t": "Completed"}
    read({name: value for name, value in check().items() if value is not None})


def test_properties_can_be_used_where_text_is_allowed() -> None:
    beginnings, files = ("CalculatedBaseline", "BaselineUsedForDriftCheck"), ("Constraints", "Statistics")
    names = [f"{beginning}{file}" for beginning in beginnings for file in files]
    user = training(Environment={name: get(f"Steps.check.{name}") for name in names})
    assert read(user, check()).steps["t"].triggers == {"check": "Completed"}
    number = training(ResourceConfig={"InstanceCount": get("Steps.check.CalculatedBaselineStatistics")})
    assert "[Steps.check.CalculatedBaselineStatistics] to argument of type [Integer]" in refusal(number, check())
    for wrong in ("ViolationReport", "ProcessingJobName", "CalculatedBaselineStatistics.S3Uri", "CalculatedBaselineStatistics[0]"):
        message = refusal(training(Environment={"A": get(f"Steps.check.{wrong}")}), check())
        assert "$.Steps[0].Arguments.Environment.A" in message and "its properties are CalculatedBaselineConstraints, " in message


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"CheckType": None}, "$.Steps[0].CheckType: 'None' is not one of DATA_QUALITY, MODEL_QUALITY"),
        ({"CheckType": "DATA_BIAS"}, "$.Steps[0].CheckType: 'DATA_BIAS' is not one of DATA_QUALITY, MODEL_QUALITY"),
        ({"CheckType": ["DATA_QUALITY"]}, "$.Steps[0].CheckType"),
        ({"SkipCheck": "true"}, "$.Steps[0].SkipCheck: it must be true, false or a function whose value is a Boolean"),
        ({"RegisterNewBaseline": get("Parameters.text")}, "$.Steps[0].RegisterNewBaseline: it must be true, false or"),
        ({"FailOnViolation": 1}, "$.Steps[0].FailOnViolation: it must be true, false or"),
        ({"FailOnViolation": get("Parameters.none")}, "$.Steps[0].FailOnViolation: 'Parameters.none' refers to a parameter"),
        ({"ModelPackageGroupName": 1}, "$.Steps[0].ModelPackageGroupName: it must be text or a function whose value is text"),
        ({"SuppliedBaselineStatistics": get("Parameters.count")}, "$.Steps[0].SuppliedBaselineStatistics: it must be text or"),
        ({"SuppliedBaselineConstraints": ["s3://b/c"]}, "$.Steps[0].SuppliedBaselineConstraints: it must be text or"),
        ({"SuppliedBaselineConstraints": get("Steps.x.y")}, "$.Steps[0].SuppliedBaselineConstraints: there is no step 'x'"),
        ({"ModelName": "m"}, "$.Steps[0]: a QualityCheck step has no member 'ModelName'; its members are "),
    ],
)  # fmt: skip
def test_the_members_of_a_check_are_checked(members: dict, reason: str) -> None:
    assert reason in refusal(check(**members), Parameters=PARAMETERS)


@pytest.mark.parametrize("config", [None, {}, {"Outputs": []}, {"Outputs": [None]}, {"Outputs": OUTPUTS["Outputs"] * 2},
                                    {"Outputs": [{"OutputName": "o", "S3Output": {"LocalPath": "/o"}}]}])  # fmt: skip
def test_a_check_needs_one_output(config: dict | None) -> None:
    wrong = check()
    wrong["Arguments"]["ProcessingOutputConfig"] = config
    place = "$.Steps[0].Arguments.ProcessingOutputConfig"
    assert f"{place}: a QualityCheck step needs one output in S3, to which its job writes the baseline" in refusal(wrong)


def test_the_arguments_are_those_of_a_processing_job() -> None:
    wrong = check()
    wrong["Arguments"]["TrainingJobName"] = "t"
    assert "Unknown Argument member 'TrainingJobName'. It is at $.Steps[0].Arguments." in refusal(wrong)
