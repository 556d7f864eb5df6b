"""The monitors of SDK v3 and v2, unchanged: their schedules, executions, updates and alerts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from course.regression import package_sets
from tests.localaws.sagemaker.job_fixtures import BUCKET, ROLE, needs_clarify
from tests.localaws.sagemaker.monitoring.monitoring_fixtures import ANALYZER, Monitored, quiet_hour
from tests.localaws.sagemaker.training.test_training_sdk import session  # noqa: F401
from tests.localaws.server.test_cli_aws import program

PROGRAMS = Path(__file__).parents[2] / "programs"


@pytest.fixture
def aws(monitored: Monitored) -> object:
    """What `session` connects to."""
    return monitored.aws


def settings(session: object) -> dict:  # noqa: F811
    cluster = {"instance_count": 1, "instance_type": "ml.m5.large", "volume_size_in_gb": 5, "max_runtime_in_seconds": 1800}
    return {"role": ROLE, "sagemaker_session": session, **cluster}


def once(monitored: Monitored, name: str, **more: object) -> dict:
    """The parameters of create_monitoring_schedule for one execution now."""
    return {
        "monitor_schedule_name": name,
        "output_s3_uri": f"s3://{BUCKET}/sdk/{name}",
        "schedule_cron_expression": "NOW",
        "data_analysis_start_time": "-PT1H",
        "data_analysis_end_time": "PT0S",
        **more,
    }


def requests(monitored: Monitored) -> str:
    """Send labelled requests, and return the URI of the labels."""
    quiet_hour(monitored)
    for number in range(12):
        body = f"{number + 5}.5,UA"
        monitored.runtime.invoke_endpoint(EndpointName="delays", ContentType="text/csv", Body=body, InferenceId=f"sdk-{number}")
    uri = monitored.label({f"sdk-{number}": int(number > 7) for number in range(12)}, monitored.aws.name("sdk-labels"))
    monitored.advance(seconds=2)
    return uri


@pytest.mark.nightly  # without the SDK by day in test_schedules.py
def test_the_four_monitors_of_sdk_v3(monitored: Monitored, session: object) -> None:  # noqa: F811
    from sagemaker.core.clarify import BiasConfig, ModelConfig, SHAPConfig
    from sagemaker.core.model_monitor import DefaultModelMonitor, ModelBiasMonitor, ModelExplainabilityMonitor, ModelQualityMonitor
    from sagemaker.core.model_monitor.clarify_model_monitoring import BiasAnalysisConfig, ExplainabilityAnalysisConfig
    from sagemaker.core.model_monitor.model_monitoring import EndpointInput, ModelMonitor

    aws, truth = monitored.aws, requests(monitored)
    constraints = f"s3://{BUCKET}/baseline/constraints.json"
    source = EndpointInput(endpoint_name="delays", destination="/opt/ml/processing/input/endpoint", inference_attribute="0")
    bias = BiasAnalysisConfig(
        BiasConfig(label_values_or_threshold=[1], facet_name="carrier"), headers=["delay", "carrier", "late"], label="late"
    )
    model = ModelConfig(model_name="delays", instance_count=1, instance_type="ml.m5.large", content_type="text/csv")
    explained = ExplainabilityAnalysisConfig(SHAPConfig(baseline=[[1.0, "UA"]], num_samples=10, agg_method="mean_abs"), model)
    data, quality = DefaultModelMonitor(**settings(session)), ModelQualityMonitor(**settings(session))
    fair, why = ModelBiasMonitor(**settings(session)), ModelExplainabilityMonitor(**settings(session))
    fair.image_uri = why.image_uri = ANALYZER  # Clarify's image has its own tests
    statistics = f"s3://{BUCKET}/baseline/statistics.json"
    names = {each: aws.name("sdk") for each in (data, quality, fair, why)}
    data.create_monitoring_schedule(endpoint_input=source, statistics=statistics, constraints=constraints, **once(monitored, names[data]))
    quality.create_monitoring_schedule(
        endpoint_input=source,
        ground_truth_input=truth,
        problem_type="BinaryClassification",
        constraints=aws.put("sdk/constraints.json", json.dumps({"binary_classification_constraints": {}})),
        **once(monitored, names[quality]),
    )
    labelled = {"endpoint_input": source, "ground_truth_input": truth, "analysis_config": bias, "constraints": constraints}
    fair.create_monitoring_schedule(**labelled, **once(monitored, names[fair]))
    why.create_monitoring_schedule(endpoint_input=source, analysis_config=explained, constraints=constraints, **once(monitored, names[why]))
    for monitor, name in names.items():
        [ended] = monitored.ended(name, 1)
        assert ended["MonitoringExecutionStatus"] in ("Completed", "CompletedWithViolations"), ended
        # On AWS, too, list_executions of this SDK's two monitors for Clarify fails: it asks for a member that executions do not have.
        [execution] = ModelMonitor.list_executions(monitor)
        assert execution.output.s3_output.s3_uri.startswith(f"s3://{BUCKET}/sdk/{name}/delays/{name}/")
        described = monitor.describe_schedule()
        assert described["MonitoringType"] == monitor.monitoring_type() and described["MonitoringScheduleStatus"] == "Scheduled"
        assert "violations" in execution.constraint_violations().body_dict
    assert data.latest_monitoring_statistics().body_dict["dataset"] == {"item_count": 12}
    key = why.sagemaker_session.sagemaker_client.describe_model_explainability_job_definition(JobDefinitionName=why.job_definition_name)
    config = json.loads(aws.get(key["ModelExplainabilityAppSpecification"]["ConfigUri"]))
    assert config["predictor"]["model_name"] == "delays" and config["methods"]["shap"]["num_samples"] == 10

    fair.update_monitoring_schedule(schedule_cron_expression="cron(0 5 ? * * *)", enable_cloudwatch_metrics=False)
    updated = monitored.aws.sagemaker.describe_model_bias_job_definition(JobDefinitionName=fair.job_definition_name)
    assert updated["ModelBiasAppSpecification"]["Environment"] == {"publish_cloudwatch_metrics": "Disabled"}
    assert fair.describe_schedule()["MonitoringScheduleConfig"]["ScheduleConfig"]["ScheduleExpression"] == "cron(0 5 ? * * *)"
    fair.stop_monitoring_schedule()
    fair.start_monitoring_schedule()
    [alert], _ = data.list_monitoring_alerts()
    data.update_monitoring_alert(monitoring_alert_name=alert.alert_name, data_points_to_alert=1, evaluation_period=2)
    assert data.list_monitoring_alerts()[0][0].evaluation_period == 2
    assert isinstance(data.list_monitoring_alert_history()[0], list)
    attached = ModelBiasMonitor.attach(names[fair], sagemaker_session=session)
    assert attached.job_definition_name == fair.job_definition_name
    for monitor in names:
        monitor.delete_monitoring_schedule()
    assert not aws.sagemaker.list_monitoring_schedules(NameContains="sdk")["MonitoringScheduleSummaries"]


V2 = {name: ["Completed", "cron(0 5 ? * * *)", 1] for name in ("DataQuality", "ModelQuality", "ModelBias", "ModelExplainability")}


@needs_clarify
@pytest.mark.nightly  # installs SDK v2
@pytest.mark.timeout(1200)
def test_the_four_monitors_of_sdk_v2(local_aws: object, tmp_path: Path) -> None:
    """In an environment of only that SDK, over what a transform job captured. Clarify's own image monitors bias."""
    python = package_sets.clean(tmp_path / "venv", ["sagemaker==2.257.0", "pandas<3"])
    found = program(local_aws.state, (PROGRAMS / "monitors_v2.py").read_text(), python, seconds=900)
    assert {name: [status.removesuffix("WithViolations"), *rest] for name, (status, *rest) in found.items()} == V2
