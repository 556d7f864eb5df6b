"""Schedules for bias and explainability: what the jobs get. The analyzer's image stands for Clarify's, which has its own tests."""

from __future__ import annotations

import json
from datetime import UTC

import pytest

from tests.localaws.refusals import refused
from tests.localaws.sagemaker.job_fixtures import BUCKET, needs_clarify, processing_output
from tests.localaws.sagemaker.monitoring.monitoring_fixtures import (
    ANALYZER,
    EXPLAINED,
    LAST_HOUR,
    Monitored,
    clarified,
    definition_request,
    endpoint_input,
    inline_definition,
    quiet_hour,
)

MERGER = ANALYZER.replace("analyzer", "groundtruth-merger")


def inputs(job: dict) -> dict[str, tuple[str, str]]:
    """The local path and the URI of each input of a job."""
    return {each["InputName"]: (each["S3Input"]["LocalPath"], each["S3Input"]["S3Uri"]) for each in job["ProcessingInputs"]}


def test_bias_needs_requests_with_labels(monitored: Monitored) -> None:
    """The merge comes first. Both requests of one inference id get its label, the last of two labels counts, and one request has none."""
    aws = monitored.aws
    quiet_hour(monitored)
    for number in (0, 1, 1, 12):
        body = f"{number}.5,UA"
        monitored.runtime.invoke_endpoint(EndpointName="delays", ContentType="text/csv", Body=body, InferenceId=f"flight-{number}")
    monitored.send("UA", 1)
    folder = aws.name("labels")
    monitored.label({"flight-0": 0, "flight-1": 1, "flight-99": 1}, folder)
    truth = monitored.label({"flight-0": 1, "flight-1": 0, "flight-99": 1, "flight-12": 1}, folder)
    monitored.advance(seconds=2)
    source = endpoint_input(InferenceAttribute="0", ProbabilityThresholdAttribute=0.6, FeaturesAttribute="features")
    schedule = monitored.monitor("ModelBias", monitored.definition("ModelBias", source, labels=truth))
    [execution] = monitored.ended(schedule, 1)
    assert execution["MonitoringExecutionStatus"] in ("Completed", "CompletedWithViolations"), execution
    assert (execution["MonitoringType"], execution["EndpointName"]) == ("ModelBias", "delays")

    job = monitored.job(execution)
    name, identity = job["ProcessingJobName"].rsplit("-", 1)
    assert name == f"model-bias-monitoring-{execution['ScheduledTime']:%Y%m%d%H%M}"
    merge = aws.sagemaker.describe_processing_job(ProcessingJobName=f"groundtruth-merge-{execution['ScheduledTime']:%Y%m%d%H%M}-{identity}")
    hour = f"{execution['ScheduledTime'].astimezone(UTC):%Y/%m/%d/%H}"
    captured, reports = f"delays/AllTraffic/{hour}", f"s3://{BUCKET}/reports/ModelBias"
    assert merge["AppSpecification"]["ImageUri"] == MERGER
    assert merge["ExitMessage"] == "Completed: 4 of 5 captured requests have a ground truth label."
    assert merge["Environment"] == {
        "dataset_source": "/opt/ml/processing/input/endpoint",
        "ground_truth_source": "/opt/ml/processing/groundtruth",
        "output_path": "/opt/ml/processing/output",
    }
    assert inputs(merge) == {
        "groundtruth_input_1": (f"/opt/ml/processing/groundtruth/{hour}", f"{truth}/{hour}"),
        "endpoint_input_1": (f"/opt/ml/processing/input/endpoint/{captured}", f"s3://{BUCKET}/captured/{captured}"),
    }
    assert merge["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"] == f"{reports}/merge"
    keys = aws.keys(f"reports/ModelBias/merge/{captured}/")
    merged = [json.loads(line) for key in keys for line in aws.get(f"s3://{BUCKET}/{key}").splitlines()]
    labels = sorted((each["eventMetadata"]["inferenceId"], each["groundTruthData"]["data"]) for each in merged)
    assert labels == [("flight-0", "1"), ("flight-1", "0"), ("flight-1", "0"), ("flight-12", "1")]

    start, end = (job["Environment"].pop(name) for name in ("start_time", "end_time"))
    assert start < end
    assert job["Environment"] == {
        "analysis_config": "/opt/ml/processing/analysis_config/analysis_config.json",
        "analysis_type": "MODEL_BIAS",
        "baseline_constraints": "/opt/ml/processing/baseline/constraints/constraints.json",
        "dataset_format": '{"sagemakerMergeJson": {"captureIndexNames": ["endpointInput", "endpointOutput"]}}',
        "dataset_source": "/opt/ml/processing/input/endpoint",
        "features_attribute": "features",
        "inference_attribute": "0",
        "metric_time": start,
        "output_path": "/opt/ml/processing/output",
        "probability_threshold_attribute": "0.6",
        "publish_cloudwatch_metrics": "Enabled",
        "sagemaker_endpoint_datacapture_prefix": f"s3://{BUCKET}/captured",
        "sagemaker_endpoint_name": "delays",
        "sagemaker_monitoring_schedule_name": schedule,
    }
    assert inputs(job) == {
        "endpoint_input_1": (f"/opt/ml/processing/input/endpoint/{captured}", f"{reports}/merge/{captured}"),
        "constraints": ("/opt/ml/processing/baseline/constraints", f"s3://{BUCKET}/baseline/constraints.json"),
        "analysis_config": ("/opt/ml/processing/analysis_config", f"s3://{BUCKET}/baseline/analysis_config.json"),
    }
    output = job["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"]
    assert output == f"{reports}/delays/{schedule}/{hour}" and aws.keys(output.removeprefix(f"s3://{BUCKET}/"))


def test_explainability_needs_requests(monitored: Monitored) -> None:
    """The constraints are the results of the baseline's job."""
    aws = monitored.aws
    quiet_hour(monitored)
    where = f"s3://{BUCKET}/{aws.name('baseline')}"
    made = aws.process(
        "open('/opt/ml/processing/output/analysis.json', 'w').write('{\"features\": []}')",
        ProcessingOutputConfig={"Outputs": [processing_output("analysis_result", where, "/opt/ml/processing/output")]},
    )
    assert aws.processed(made)["ProcessingJobStatus"] == "Completed"
    monitored.send("UA", 3)
    monitored.advance(seconds=2)
    definition = aws.name("explained")
    given = definition_request("ModelExplainability", endpoint_input(FeaturesAttribute="0"))
    baseline = {"ModelExplainabilityBaselineConfig": {"BaseliningJobName": made}}
    aws.sagemaker.create_model_explainability_job_definition(JobDefinitionName=definition, **given | baseline)
    [execution] = monitored.ended(monitored.monitor("ModelExplainability", definition), 1)
    assert execution["MonitoringExecutionStatus"] in ("Completed", "CompletedWithViolations"), execution
    job = monitored.job(execution)
    assert job["ProcessingJobName"].startswith("model-explainability-monitoring-") and len(job["ProcessingJobName"]) <= 63
    hour = f"{execution['ScheduledTime'].astimezone(UTC):%Y/%m/%d/%H}"
    captured = f"delays/AllTraffic/{hour}"
    assert inputs(job) == {
        "endpoint_input_1": (f"/opt/ml/processing/input/endpoint/{captured}", f"s3://{BUCKET}/captured/{captured}"),
        "constraints": ("/opt/ml/processing/baseline/constraints", f"{where}/analysis.json"),
        "analysis_config": ("/opt/ml/processing/analysis_config", f"s3://{BUCKET}/baseline/analysis_config.json"),
    }
    assert job["Environment"]["analysis_type"] == "MODEL_EXPLAINABILITY"
    assert job["Environment"]["dataset_format"] == '{"sagemakerCaptureJson": {"captureIndexNames": ["endpointInput", "endpointOutput"]}}'
    assert job["Environment"]["baseline_constraints"] == "/opt/ml/processing/baseline/constraints/analysis.json"


def test_only_data_quality_may_be_defined_in_the_schedule(monitored: Monitored) -> None:
    """The members of such a definition have no place for Clarify's configuration, nor for labels."""
    for kind in ("ModelQuality", "ModelBias", "ModelExplainability"):
        config = {"ScheduleConfig": {"ScheduleExpression": "NOW", **LAST_HOUR}, "MonitoringJobDefinition": inline_definition()}
        config |= {"MonitoringType": kind}
        call = monitored.aws.sagemaker.create_monitoring_schedule
        _, message = refused(call, MonitoringScheduleName="refused", MonitoringScheduleConfig=config)
        assert message == f"A schedule of type {kind} needs MonitoringJobDefinitionName."


# With Clarify's own image


@needs_clarify
@pytest.mark.nightly  # many requests: of fewer, smclarify takes the labels for numbers with a threshold
def test_clarify_finds_the_bias_of_requests_with_labels(monitored: Monitored) -> None:
    quiet_hour(monitored)
    for number in range(60):
        body = f"{number}.5,{'UA' if number % 4 else 'DL'}"
        monitored.runtime.invoke_endpoint(EndpointName="delays", ContentType="text/csv", Body=body, InferenceId=f"bias-{number}")
    truth = monitored.label({f"bias-{number}": int(number > 4) for number in range(60)}, monitored.aws.name("labels"))
    monitored.advance(seconds=2)
    config = {
        "headers": ["delay", "carrier", "late"],
        "label": "late",
        "label_values_or_threshold": [1],
        "facet": [{"name_or_index": "carrier", "value_or_threshold": ["DL"]}],
    }
    found = clarified(monitored, "ModelBias", config, endpoint_input(InferenceAttribute="0"), truth)
    [facet] = found["post_training_bias_metrics"]["facets"]["carrier"]
    values = {metric["name"]: metric["value"] for metric in facet["metrics"]}
    assert values["DPPL"] == pytest.approx(38 / 45 - 12 / 15)  # predicted late are the requests from 10 on
    metrics = monitored.aws.client("cloudwatch").list_metrics(Namespace="aws/sagemaker/Endpoints/bias-metrics")["Metrics"]
    assert {"Endpoint", "MonitoringSchedule", "BiasStage", "Facet", "FacetValue", "Label", "LabelValue"} == {
        each["Name"] for metric in metrics for each in metric["Dimensions"]
    }


@needs_clarify
@pytest.mark.nightly  # Clarify starts an endpoint of the model
def test_clarify_explains_requests(monitored: Monitored) -> None:
    quiet_hour(monitored)
    monitored.send("1", 10)  # an input of numbers only
    monitored.advance(seconds=2)
    found = clarified(monitored, "ModelExplainability", EXPLAINED, endpoint_input())["explanations"]["kernel_shap"]
    [values] = [each["global_shap_values"] for each in found.values()]
    assert values["carrier"] == 0.0  # the model looks at the delay only, and no delay is over 10
