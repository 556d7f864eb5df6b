"""What a team's program does with the monitors of the SageMaker Python SDK v2, over data that a transform job captured."""

import json
import time
from datetime import UTC, datetime

import boto3
from sagemaker import Session, get_execution_role
from sagemaker.clarify import BiasConfig, ModelConfig, SHAPConfig
from sagemaker.model_monitor import (
    BatchTransformInput,
    BiasAnalysisConfig,
    DefaultModelMonitor,
    ExplainabilityAnalysisConfig,
    ModelBiasMonitor,
    ModelExplainabilityMonitor,
    ModelQualityMonitor,
    MonitoringDatasetFormat,
)

ANALYZER = "156813124566.dkr.ecr.us-east-1.amazonaws.com/sagemaker-model-monitor-analyzer"
ENDED = ("Completed", "CompletedWithViolations", "Failed", "Stopped")

session, s3 = Session(), boto3.client("s3")
bucket = session.default_bucket()
now = datetime.now(UTC)
hour = f"{now:%Y/%m/%d/%H}"


def put(key: str, body: str) -> str:
    s3.put_object(Bucket=bucket, Key=key, Body=body)
    return f"s3://{bucket}/{key}"


# What a transform job would have captured: rows, predictions with inference ids, and their manifests. Clarify takes numbers with two values
# for labels only if there are more than 40 of them.
ROWS = range(60)
put("v2/rows.csv", "".join(f"{number}.5,{('UA', 'DL')[number // 30]}\n" for number in ROWS))
put("v2/rows.csv.out", "".join(f"{number % 2},id-{number},{now:%Y-%m-%dT%H:%M:%SZ}\n" for number in ROWS))
for side, name in {"input": "rows.csv", "output": "rows.csv.out"}.items():
    put(f"v2/captured/{side}/{hour}/manifest.jsonl", json.dumps([{"prefix": f"s3://{bucket}/v2/"}, name]))
labels = [
    {
        "groundTruthData": {"data": str(int(each % 3 > 0)), "encoding": "CSV"},
        "eventMetadata": {"eventId": f"id-{each}"},
        "eventVersion": "0",
    }
    for each in ROWS
]
put(f"v2/labels/{hour}/labels.jsonl", "\n".join(map(json.dumps, labels)))
constraints = put("v2/constraints.json", json.dumps({"version": 0.0, "features": [], "binary_classification_constraints": {}}))
statistics = put("v2/statistics.json", json.dumps({"version": 0.0, "dataset": {"item_count": 0}, "features": []}))

source = BatchTransformInput(
    data_captured_destination_s3_uri=f"s3://{bucket}/v2/captured",
    destination="/opt/ml/processing/input/data",
    dataset_format=MonitoringDatasetFormat.csv(header=False),
    inference_attribute="0",
)
cluster = {"instance_count": 1, "instance_type": "ml.m5.large", "volume_size_in_gb": 5, "max_runtime_in_seconds": 1800}
settings = {"role": get_execution_role(), "sagemaker_session": session, **cluster}
model = ModelConfig(model_name="any", instance_count=1, instance_type="ml.m5.large", content_type="text/csv")
bias = BiasAnalysisConfig(
    BiasConfig(label_values_or_threshold=[1], facet_name="carrier"), headers=["delay", "carrier", "late"], label="late"
)
why = ExplainabilityAnalysisConfig(SHAPConfig(baseline=[[1.0, "UA"]], num_samples=10, agg_method="mean_abs"), model)
labelled = {"ground_truth_input": f"s3://{bucket}/v2/labels"}
monitors = {
    DefaultModelMonitor: {"statistics": statistics},
    ModelQualityMonitor: {"problem_type": "BinaryClassification", **labelled},
    ModelBiasMonitor: {"analysis_config": bias, "constraints": None, **labelled},  # none would fit its image, which is Clarify's
    ModelExplainabilityMonitor: {"analysis_config": why},
}
found = {}
for cls, more in monitors.items():
    monitor = cls(**settings)
    if cls is ModelExplainabilityMonitor:
        monitor.image_uri = ANALYZER  # it stands for Clarify's, which would ask a model
    common = {
        "monitor_schedule_name": f"v2-{monitor.monitoring_type()}",
        "batch_transform_input": source,
        "constraints": constraints,
        "output_s3_uri": f"s3://{bucket}/v2/reports",
        "schedule_cron_expression": "NOW",
        "data_analysis_start_time": "-PT1H",
        "data_analysis_end_time": "PT1M",
    }
    monitor.create_monitoring_schedule(**common | more)
    last = {}
    while last.get("MonitoringExecutionStatus") not in ENDED:
        time.sleep(0.2)
        last = monitor.describe_schedule().get("LastMonitoringExecutionSummary", {})
    executions = monitor.list_executions()
    monitor.update_monitoring_schedule(schedule_cron_expression="cron(0 5 ? * * *)")
    expression = monitor.describe_schedule()["MonitoringScheduleConfig"]["ScheduleConfig"]["ScheduleExpression"]
    found[monitor.monitoring_type()] = [last["MonitoringExecutionStatus"], expression, len(executions)]
    assert last["MonitoringExecutionStatus"] != "Failed", last
    monitor.delete_monitoring_schedule()

[report] = [
    each["Key"]
    for each in s3.list_objects_v2(Bucket=bucket, Prefix="v2/reports/v2-ModelBias/")["Contents"]
    if each["Key"].endswith("/analysis.json")
]
metrics = json.loads(s3.get_object(Bucket=bucket, Key=report)["Body"].read())["post_training_bias_metrics"]["facets"]["carrier"]
assert {group["value_or_threshold"] for group in metrics} == {"UA", "DL"}, metrics

print()
print(json.dumps(found))
