"""ClarifyCheck steps: what the parser refuses, and checks of bias and explanations through boto3."""

from __future__ import annotations

import json

import pytest

from tests.localaws.sagemaker.hosting.endpoint_fixtures import XGBOOST
from tests.localaws.sagemaker.job_fixtures import ROLE, needs_clarify
from tests.localaws.sagemaker.pipelines.check_fixtures import FIRST, abalones, folder, sources, table
from tests.localaws.sagemaker.pipelines.definitions import get, read, refusal, step, training
from tests.localaws.sagemaker.pipelines.pipeline_fixtures import BUCKET
from tests.localaws.sagemaker.pipelines.step_fixtures import CLUSTER, Pipelines

CLARIFY = "205585389593.dkr.ecr.us-east-1.amazonaws.com/sagemaker-clarify-processing:1.0"
HEADERS = ["rings", "length", "sex"]
BIAS = {"label_values_or_threshold": [10], "facet": [{"name_or_index": "sex", "value_or_threshold": [2]}]}
PREDICTOR = {"instance_type": "ml.m5.large", "initial_instance_count": 1, "accept_type": "text/csv"}
FILE = {"S3DataType": "S3Prefix", "S3InputMode": "File"}
PLACES = {"analysis_config": "config", "dataset": "data"}


def clarify_check(name: str, data: object, config: str, kind: str = "DATA_BIAS", **members: object) -> dict:
    """A step as the SDKs write it. ``config`` is the URI of the analysis configuration."""
    inputs = [
        {"InputName": each, "S3Input": FILE | {"S3Uri": uri, "LocalPath": f"/opt/ml/processing/input/{PLACES[each]}"}}
        for each, uri in {"analysis_config": config, "dataset": data}.items()
    ]
    written = {"S3Uri": folder(name), "LocalPath": "/opt/ml/processing/output", "S3UploadMode": "EndOfJob"}
    arguments = {
        "RoleArn": ROLE,
        "AppSpecification": {"ImageUri": CLARIFY},
        "ProcessingInputs": inputs,
        "ProcessingOutputConfig": {"Outputs": [{"OutputName": "analysis_result", "S3Output": written}]},
        "ProcessingResources": {"ClusterConfig": CLUSTER | {"VolumeSizeInGB": 30}},
        "StoppingCondition": {"MaxRuntimeInSeconds": 1800},
    }
    always = {"ModelPackageGroupName": None, "SkipCheck": False, "FailOnViolation": True, "RegisterNewBaseline": False}
    always |= {"SuppliedBaselineConstraints": None}
    return step(name, "ClarifyCheck", arguments, **{"CheckType": kind} | always | members)


def check(**members: object) -> dict:
    return clarify_check("check", "s3://b/rows.csv", "s3://b/analysis_config.json", **members)


def details(found: dict) -> dict:
    return found["Metadata"]["ClarifyCheck"]


def configuration(pipelines: Pipelines, name: str, methods: dict, **members: object) -> str:
    """Store an analysis configuration; returns its URI."""
    content = {"dataset_type": "text/csv", "headers": HEADERS, "label": "rings", "methods": methods} | members
    return pipelines.put(f"checked/{name}/analysis_config.json", json.dumps(content))


def numbers(rows):
    """Abalones whose sex is a number, as XGBoost needs it."""
    return rows.assign(sex=rows.sex.map({"M": 0, "F": 1, "I": 2}))


def test_the_two_properties_can_be_used() -> None:
    names = ("CalculatedBaselineConstraints", "BaselineUsedForDriftCheckConstraints")
    user = training(Environment={name: get(f"Steps.check.{name}") for name in names})
    assert read(user, check()).steps["t"].triggers == {"check": "Completed"}
    wrong = training(Environment={"A": get("Steps.check.CalculatedBaselineStatistics")})
    assert f"its properties are {', '.join(names)}" in refusal(wrong, check())


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"CheckType": "DATA_QUALITY"}, "$.Steps[0].CheckType: 'DATA_QUALITY' is not one of DATA_BIAS, MODEL_BIAS, MODEL_EXPLAINABILITY"),
        ({"CheckType": "MODEL_BIAS"}, "$.Steps[0]: a check of type MODEL_BIAS needs ModelName"),
        ({"CheckType": "MODEL_EXPLAINABILITY", "ModelName": 1}, "$.Steps[0].ModelName: it must be text or a function"),
        ({"SuppliedBaselineStatistics": "s3://b/s"}, "$.Steps[0]: a ClarifyCheck step has no member 'SuppliedBaselineStatistics'"),
    ],
)
def test_the_members_of_a_check_are_checked(members: dict, reason: str) -> None:
    assert reason in refusal(check(**members))


def test_a_check_needs_a_configuration() -> None:
    wrong = check()
    wrong["Arguments"]["ProcessingInputs"].pop(0)
    reason = "$.Steps[0].Arguments.ProcessingInputs: a ClarifyCheck step needs the input analysis_config"
    assert reason in refusal(wrong)


@pytest.fixture(scope="module")
def bias(pipelines: Pipelines) -> str:
    return configuration(pipelines, "bias", {"pre_training_bias": {"methods": ["CI", "DPL"]}}, **BIAS)


@pytest.mark.nightly  # data quality by day in test_check_steps.py
@needs_clarify
def test_bias_that_has_drifted_fails_the_step(pipelines: Pipelines, bias: str) -> None:
    data = table(pipelines, "bias-good", numbers(abalones(2_000))[HEADERS])
    rows = numbers(abalones(2_000, seed=1))
    worse = table(pipelines, "bias-bad", rows[(rows.sex != 2) | (rows.index % 8 == 0)][HEADERS])
    first = pipelines.run(clarify_check("check", data, bias, **FIRST))["check"]
    made = details(first)["CalculatedBaselineConstraints"]
    assert details(first)["BaselineUsedForDriftCheckConstraints"] == made and made.endswith("/check/analysis.json")
    found = pipelines.failed(clarify_check("bad", worse, bias, SuppliedBaselineConstraints=made))
    shown = details(found["bad"])
    assert found["bad"]["FailureReason"] == f"ClientError: Clarify check failed. See violation report: {shown['ViolationReport']}"
    key = shown["ViolationReport"].removeprefix(f"s3://{BUCKET}/")
    report = json.load(pipelines.s3.get_object(Bucket=BUCKET, Key=key)["Body"])
    assert report["violations"]
    assert shown["BaselineUsedForDriftCheckConstraints"] == made != shown["CalculatedBaselineConstraints"]


@needs_clarify
@pytest.mark.nightly  # five jobs, two of which start endpoints
def test_a_model_of_the_same_execution_is_checked_and_registered(pipelines: Pipelines) -> None:
    data = table(pipelines, "explained", numbers(abalones(300))[HEADERS])
    pipelines.put("checked/train/rows.csv", numbers(abalones(300)).to_csv(index=False, header=False))
    channel = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/checked/train", "S3DataDistributionType": "FullyReplicated"}
    train = step("train", "Training", {
        "RoleArn": ROLE,
        "AlgorithmSpecification": {"TrainingImage": XGBOOST, "TrainingInputMode": "File"},
        "HyperParameters": {"num_round": "3", "objective": "reg:squarederror"},
        "InputDataConfig": [{"ChannelName": "train", "DataSource": {"S3DataSource": channel}, "ContentType": "text/csv"}],
        "OutputDataConfig": {"S3OutputPath": folder("model")},
        "ResourceConfig": CLUSTER | {"VolumeSizeInGB": 5},
        "StoppingCondition": {"MaxRuntimeInSeconds": 300},
    })  # fmt: skip
    container = {"Image": XGBOOST, "ModelDataUrl": get("Steps.train.ModelArtifacts.S3ModelArtifacts")}
    make = step("make", "Model", {"ExecutionRoleArn": ROLE, "PrimaryContainer": container})
    methods = {
        "MODEL_BIAS": ({"post_training_bias": {"methods": ["DPPL", "DI"]}}, BIAS),
        "MODEL_EXPLAINABILITY": ({"shap": {"baseline": [[0.5, 1]], "num_samples": 8, "agg_method": "mean_abs", "seed": 1}}, {}),
    }
    checks = [
        clarify_check(
            kind,
            data,
            configuration(pipelines, kind, each, predictor=PREDICTOR, **more),
            kind,
            ModelName=get("Steps.make.ModelName"),
            **FIRST,
        )
        for kind, (each, more) in methods.items()
    ]
    used = {kind: sources({"Constraints": get(f"Steps.{kind}.BaselineUsedForDriftCheckConstraints")})["Constraints"] for kind in methods}
    inference = {"Containers": [container], "SupportedContentTypes": ["text/csv"], "SupportedResponseMIMETypes": ["text/csv"]}
    baselines = {
        "Bias": {"PostTrainingConstraints": used["MODEL_BIAS"]},
        "Explainability": {"Constraints": used["MODEL_EXPLAINABILITY"]},
    }
    arguments = {"ModelPackageGroupName": "clarified", "InferenceSpecification": inference, "ModelApprovalStatus": "Approved"}
    register = step("register", "RegisterModel", arguments | {"DriftCheckBaselines": baselines})
    first = pipelines.run(train, make, *checks, register)
    second = [each | {"SkipCheck": False, "RegisterNewBaseline": False, "ModelPackageGroupName": "clarified"} for each in checks]
    again = pipelines.run(train, make, *second)
    for kind in methods:
        assert details(again[kind])["BaselineUsedForDriftCheckConstraints"] == details(first[kind])["CalculatedBaselineConstraints"]
        assert "ViolationReport" not in details(again[kind])
