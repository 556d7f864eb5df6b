"""QualityCheck steps through boto3: what each combination of flags does, where baselines come from, and what violations lead to."""

from __future__ import annotations

import itertools
import json
import uuid

import pytest

from tests.localaws.sagemaker.hosting.endpoint_fixtures import XGBOOST, archive, booster_file
from tests.localaws.sagemaker.job_fixtures import SKLEARN
from tests.localaws.sagemaker.pipelines.check_fixtures import (
    FIRST,
    SKIP,
    abalones,
    drifted,
    quality_check,
    sources,
    supplied,
    table,
)
from tests.localaws.sagemaker.pipelines.definitions import condition, get, step
from tests.localaws.sagemaker.pipelines.step_fixtures import BUCKET, Pipelines
from tests.localaws.sagemaker.pipelines.test_pipeline_events import STEP, Heard, heard  # noqa: F401

FILES = ("Constraints", "Statistics")
FLAGS = list(itertools.product((False, True), repeat=2))
QUALITY = {
    "analysis_type": "MODEL_QUALITY", "problem_type": "Regression", "inference_attribute": "guess", "ground_truth_attribute": "rings",
}  # fmt: skip


def details(found: dict) -> dict:
    return found["Metadata"]["QualityCheck"]


def content(pipelines: Pipelines, uri: str) -> dict:
    return json.load(pipelines.s3.get_object(Bucket=BUCKET, Key=uri.removeprefix(f"s3://{BUCKET}/"))["Body"])


def job(pipelines: Pipelines, found: dict) -> dict:
    return pipelines.sagemaker.describe_processing_job(ProcessingJobName=details(found)["CheckJobArn"].rpartition("/")[2])


@pytest.fixture(scope="module")
def data(pipelines: Pipelines) -> dict[str, str]:
    """The S3 URIs of good and of drifted abalones, and of guesses of their rings."""
    good, rows = abalones(), abalones(seed=3)
    tables = {"good": good, "bad": drifted(), "guesses": rows.assign(guess=rows.rings + 0.5)}
    return {name: table(pipelines, name, rows) for name, rows in tables.items()}


@pytest.fixture(scope="module")
def first(pipelines: Pipelines, data: dict[str, str]) -> tuple[str, dict[str, dict]]:
    """The ARN and the steps of a first run, which only calculates baselines."""
    check = quality_check("first", data["good"], **FIRST)
    quality = quality_check("quality", data["guesses"], "MODEL_QUALITY", QUALITY, **FIRST)
    shown = {"Std:Join": {"On": " ", "Values": [get(f"Steps.first.CalculatedBaseline{file}") for file in FILES]}}
    show = condition("show", {"Type": "Equals", "LeftValue": get("Steps.first.BaselineUsedForDriftCheckConstraints"), "RightValue": ""},
                     ElseSteps=[step("uris", "Fail", {"ErrorMessage": shown}, DependsOn=["quality"])])  # fmt: skip
    arn = pipelines.start(check, quality, show)
    assert pipelines.ended(arn) == "Failed", pipelines.steps(arn)
    return arn, pipelines.steps(arn)


@pytest.fixture(scope="module")
def baseline(first: tuple[str, dict[str, dict]]) -> dict[str, str]:
    """The baseline of the first run."""
    return {file: details(first[1]["first"])[f"CalculatedBaseline{file}"] for file in FILES}


def test_a_first_run_calculates_a_baseline(pipelines: Pipelines, first: tuple[str, dict[str, dict]]) -> None:
    arn, found = first
    place = f"s3://{BUCKET}/{arn.rpartition('/')[2]}/first"
    made = {"Constraints": f"{place}/constraints.json", "Statistics": f"{place}/statistics.json"}
    members = {f"{beginning}{file}": uri for beginning in ("CalculatedBaseline", "BaselineUsedForDriftCheck") for file, uri in made.items()}
    expected = members | {"CheckType": "DATA_QUALITY", "SkipCheck": True, "RegisterNewBaseline": True}
    shown = details(found["first"])
    assert {name: value for name, value in shown.items() if name != "CheckJobArn"} == expected
    assert [each["name"] for each in content(pipelines, made["Constraints"])["features"]] == ["rings", "length", "sex"]
    assert content(pipelines, made["Statistics"])["dataset"]["item_count"] == 500
    assert found["uris"]["FailureReason"] == f"{made['Constraints']} {made['Statistics']}"  # other steps can refer to the properties
    quality = content(pipelines, details(found["quality"])["CalculatedBaselineConstraints"])
    assert quality["regression_constraints"]["mae"]["threshold"] == pytest.approx(0.5)

    described = job(pipelines, found["first"])
    assert described["ProcessingJobName"].startswith(f"pipelines-{arn.rpartition('/')[2]}-first-")
    assert [each["InputName"] for each in described["ProcessingInputs"]] == ["baseline_dataset_input"]
    tags = pipelines.sagemaker.list_tags(ResourceArn=described["ProcessingJobArn"])["Tags"]
    assert {"Key": "sagemaker:pipeline-execution-arn", "Value": arn} in tags
    component = f"{described['ProcessingJobName'].lower()}-aws-processing-job"
    source = pipelines.sagemaker.describe_trial_component(TrialComponentName=component)["Source"]
    assert source["SourceArn"] == described["ProcessingJobArn"]


@pytest.mark.parametrize("fail", [False, pytest.param(True, marks=pytest.mark.nightly)])  # four jobs; by day another test fails
def test_the_flags_decide_what_is_checked_and_what_is_used(
    pipelines: Pipelines, data: dict[str, str], baseline: dict[str, str], fail: bool
) -> None:
    """The table of the developer guide: skip_check / register_new_baseline. What is supplied comes first, so no group is looked up."""
    told = {"FailOnViolation": fail, "ModelPackageGroupName": "no-group"} | supplied(baseline)
    checks = [
        quality_check(f"check-{skip}-{renew}", data["bad"], SkipCheck=skip, RegisterNewBaseline=renew, **told) for skip, renew in FLAGS
    ]
    found = pipelines.failed(*checks) if fail else pipelines.run(*checks)
    for skip, renew in FLAGS:
        check = found[f"check-{skip}-{renew}"]
        assert check["StepStatus"] == ("Failed" if fail and not skip else "Succeeded"), check
        shown = details(check)
        calculated = {file: shown[f"CalculatedBaseline{file}"] for file in FILES}
        assert {file: shown[f"BaselineUsedForDriftCheck{file}"] for file in FILES} == (calculated if renew else baseline)
        assert (shown["SkipCheck"], shown["RegisterNewBaseline"]) == (skip, renew)
        assert set(calculated.values()).isdisjoint(baseline.values()) and ("ViolationReport" in shown) == (not skip)
    report = content(pipelines, details(found["check-False-False"])["ViolationReport"])
    kinds = {(each["feature_name"], each["constraint_check_type"]) for each in report["violations"]}
    assert kinds == {("length", "baseline_drift_check"), ("sex", "categorical_values_check")}


def test_violations_fail_a_step_and_good_data_does_not(pipelines: Pipelines, data: dict[str, str], baseline: dict[str, str]) -> None:
    """A step fails after its job, so that a later step can look at the report."""
    after = step("after", "Fail", {"ErrorMessage": "too bad"}, DependsOn=[{"Step": "bad", "Trigger": "Failed"}])
    good, bad = (quality_check(name, data[name], **supplied(baseline)) for name in ("good", "bad"))
    found = pipelines.failed(good, bad, after)
    shown = details(found["bad"])
    assert found["bad"]["FailureReason"] == f"ClientError: Quality check failed. See violation report: {shown['ViolationReport']}"
    assert len(content(pipelines, shown["ViolationReport"])["violations"]) == 2 and found["after"]["FailureReason"] == "too bad"
    assert job(pipelines, found["bad"])["ProcessingJobStatus"] == "Completed"
    assert found["good"]["StepStatus"] == "Succeeded" and "ViolationReport" not in details(found["good"])


def registered(pipelines: Pipelines, group: str, approval: str, **members: object) -> str:
    """Register a version of a model; returns its ARN."""
    container = {"Image": XGBOOST, "ModelDataUrl": pipelines.put("models/checked.tar.gz", archive(booster_file()))}
    inference = {"Containers": [container], "SupportedContentTypes": ["text/csv"], "SupportedResponseMIMETypes": ["text/csv"]}
    request = {"ModelPackageGroupName": group, "ModelApprovalStatus": approval, "InferenceSpecification": inference}
    return pipelines.sagemaker.create_model_package(**request | members)["ModelPackageArn"]


@pytest.fixture
def group(pipelines: Pipelines) -> str:
    name = f"checked-{uuid.uuid4().hex[:8]}"
    pipelines.sagemaker.create_model_package_group(ModelPackageGroupName=name)
    return name


def test_the_previous_baseline_is_that_of_the_latest_approved_version(
    pipelines: Pipelines, data: dict[str, str], baseline: dict[str, str], group: str
) -> None:
    """And the step's properties become the baselines of a new version."""

    def other(word: str) -> dict:
        return {"ModelDataQuality": sources({file: f"s3://{BUCKET}/{word}/{file}" for file in FILES})}

    registered(pipelines, group, "Approved", DriftCheckBaselines=other("older"))
    registered(pipelines, group, "Approved", DriftCheckBaselines={"ModelDataQuality": sources(baseline)})
    registered(pipelines, group, "PendingManualApproval", DriftCheckBaselines=other("pending"))
    registered(pipelines, group, "Rejected", DriftCheckBaselines=other("rejected"))
    check = quality_check("check", data["bad"], ModelPackageGroupName=get("Parameters.Group"), FailOnViolation=False)
    container = {"Image": XGBOOST, "ModelDataUrl": f"s3://{BUCKET}/models/checked.tar.gz"}
    inference = {"Containers": [container], "SupportedContentTypes": ["text/csv"], "SupportedResponseMIMETypes": ["text/csv"]}
    calculated, used = (
        {"ModelDataQuality": sources({file: get(f"Steps.check.{beginning}{file}") for file in FILES})}
        for beginning in ("CalculatedBaseline", "BaselineUsedForDriftCheck")
    )
    arguments = {"ModelPackageGroupName": get("Parameters.Group"), "InferenceSpecification": inference}
    register = step("register", "RegisterModel", arguments | {"ModelMetrics": calculated, "DriftCheckBaselines": used})
    found = pipelines.run(check, register, parameters=({"Name": "Group", "Type": "String", "DefaultValue": group},))
    shown = details(found["check"])
    assert shown["ModelPackageGroupName"] == group and shown["ViolationReport"]
    arn = found["register"]["Metadata"]["RegisterModel"]["Arn"]
    package = pipelines.sagemaker.describe_model_package(ModelPackageName=arn)
    assert package["DriftCheckBaselines"] == {"ModelDataQuality": sources(baseline)}
    made = {file: shown[f"CalculatedBaseline{file}"] for file in FILES}
    assert package["ModelMetrics"] == {"ModelDataQuality": sources(made)}
    given = {each["InputName"]: each["S3Input"]["S3Uri"] for each in job(pipelines, found["check"])["ProcessingInputs"]}
    assert {given[f"baseline_{file.lower()}_input"] for file in FILES} == set(baseline.values())


def test_a_version_whose_baselines_are_not_whole_is_refused(pipelines: Pipelines, group: str) -> None:
    container = {"Image": XGBOOST, "ModelDataUrl": pipelines.put("models/checked.tar.gz", archive(booster_file()))}
    inference = {"Containers": [container], "SupportedContentTypes": ["text/csv"], "SupportedResponseMIMETypes": ["text/csv"]}
    half = {"ModelQuality": {"Constraints": {"S3Uri": "s3://b/c.json"}}}
    arguments = {"ModelPackageGroupName": group, "InferenceSpecification": inference, "DriftCheckBaselines": half}
    found = pipelines.failed(step("register", "RegisterModel", arguments))["register"]
    assert "CreateModelPackage" in found["FailureReason"] and "riftCheckBaselines.modelQuality.constraints" in found["FailureReason"]


@pytest.mark.parametrize("flags", [{}, SKIP, {"RegisterNewBaseline": True}])
def test_a_step_without_a_previous_baseline_says_what_is_missing(
    pipelines: Pipelines, data: dict[str, str], group: str, flags: dict
) -> None:
    """Both flags must be true in a first run."""
    empty, version = f"{group}-empty", registered(pipelines, group, "Approved", DriftCheckBaselines={"ModelQuality": {}})
    pipelines.sagemaker.create_model_package_group(ModelPackageGroupName=empty)
    texts = {
        "nothing": ({"SuppliedBaselineConstraints": ""}, "neither SuppliedBaselineConstraints nor ModelPackageGroupName is given"),
        "half": ({"SuppliedBaselineStatistics": "s3://b/s"}, "SuppliedBaselineConstraints is missing"),
        "new": ({"ModelPackageGroupName": empty}, f"the model package group {empty} has no approved version"),
        "other": ({"ModelPackageGroupName": group}, f"{version} has no DriftCheckBaselines.ModelDataQuality.Constraints"),
    }
    unknown = quality_check("unknown", data["good"], ModelPackageGroupName="no-group", **flags)
    checks = [quality_check(name, data["good"], **members, **flags) for name, (members, _) in texts.items()]
    arn = pipelines.start(*checks, unknown)
    assert pipelines.ended(arn) == "Failed"
    found = pipelines.steps(arn)
    assert found.keys() == {*texts, "unknown"}
    for name, (_, missing) in texts.items():
        assert found[name]["FailureReason"] == (
            f"ClientError: There is no previous baseline of the type DATA_QUALITY: {missing}. "
            "A first run needs SkipCheck and RegisterNewBaseline, both true"
        )
        assert found[name]["Metadata"] == {}
    assert found["unknown"]["FailureReason"].startswith("ClientError: Failed to invoke sagemaker:ListModelPackages. Error Details: ")


def test_a_step_fails_with_the_reason_of_its_job(pipelines: Pipelines) -> None:
    check = quality_check("check", pipelines.put("checked/odd.csv", "a,b\n1,2\n1,2,3\n"), **FIRST)
    found = pipelines.failed(check)["check"]
    reason = job(pipelines, found)["FailureReason"]
    assert found["FailureReason"] == f"ClientError: {reason}" and details(found)["CheckType"] == "DATA_QUALITY"


def test_flags_must_be_booleans_when_the_step_runs(pipelines: Pipelines, data: dict[str, str]) -> None:
    flag = {"Std:JsonGet": {"S3Uri": pipelines.put("checked/flags.json", '{"skip": "yes"}'), "Path": "skip"}}
    found = pipelines.failed(quality_check("check", data["good"], SkipCheck=flag))
    assert found["check"]["FailureReason"] == "ClientError: SkipCheck must be a Boolean; it is 'yes'"


@pytest.mark.nightly  # runs three checks; by day in test_cache.py for other steps
def test_the_cache_compares_what_the_check_is_told(pipelines: Pipelines, data: dict[str, str], baseline: dict[str, str]) -> None:
    flag = {"Name": "Skip", "Type": "Boolean", "DefaultValue": True}
    members = supplied(baseline) | {"SkipCheck": get("Parameters.Skip"), "CacheConfig": {"Enabled": True, "ExpireAfter": "PT1H"}}
    check = quality_check("check", data["good"], **members)
    check["Arguments"]["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"] = f"s3://{BUCKET}/cached"
    name = pipelines.create(check, parameters=(flag,))

    def run(**parameters: str) -> tuple[str, dict]:
        given = [{"Name": each, "Value": value} for each, value in parameters.items()]
        arn = pipelines.sagemaker.start_pipeline_execution(PipelineName=name, PipelineParameters=given)["PipelineExecutionArn"]
        assert pipelines.ended(arn) == "Succeeded", pipelines.steps(arn)
        return arn, pipelines.steps(arn)["check"]

    (arn, original), (_, again), (_, checked) = run(), run(), run(Skip="False")
    assert again["CacheHitResult"] == {"SourcePipelineExecutionArn": arn} and again["Metadata"] == original["Metadata"]
    assert "CacheHitResult" not in checked and details(checked)["CheckJobArn"] != details(original)["CheckJobArn"]


def test_a_selective_execution_takes_the_properties_of_an_earlier_check(
    pipelines: Pipelines, first: tuple[str, dict[str, dict]], baseline: dict[str, str]
) -> None:
    arn, _ = first
    config = {"SourcePipelineExecutionArn": arn, "SelectedSteps": [{"StepName": "show"}, {"StepName": "uris"}]}
    started = pipelines.sagemaker.start_pipeline_execution(PipelineName=arn.split("/")[1], SelectiveExecutionConfig=config)
    again = started["PipelineExecutionArn"]
    assert pipelines.ended(again) == "Failed"
    assert pipelines.steps(again)["uris"]["FailureReason"] == " ".join(baseline.values())


def test_the_job_of_a_check_is_stopped_with_its_execution(pipelines: Pipelines, data: dict[str, str], heard: Heard) -> None:  # noqa: F811
    """And each change of the step is an event."""
    check = quality_check("check", data["good"], **FIRST)
    wait = ["python3", "-c", "import time; time.sleep(100)"]
    check["Arguments"]["AppSpecification"] = {"ImageUri": SKLEARN, "ContainerEntrypoint": wait}
    arn = pipelines.start(check)
    pipelines.waiting(arn, "check")
    pipelines.sagemaker.stop_pipeline_execution(PipelineExecutionArn=arn)
    assert pipelines.ended(arn) == "Stopped"
    found = pipelines.steps(arn)["check"]
    assert found["StepStatus"] == "Stopped" and job(pipelines, found)["ProcessingJobStatus"] == "Stopped"

    def changes() -> list[dict]:
        return [event["detail"] for event in heard.about(arn) if event["detail-type"] == STEP]

    told = pipelines.until(changes, lambda found: any(each["currentStepStatus"] == "Stopped" for each in found))
    assert [each["currentStepStatus"] for each in told] == ["Starting", "Executing", "Stopping", "Stopped"]
    assert told[-1]["stepType"] == "QualityCheck"
    assert told[-1]["metadata"]["qualityCheck"]["checkJobArn"] == details(found)["CheckJobArn"]
