"""Publishes what an analyzer wrote for CloudWatch.

Source: "CloudWatch Metrics for bring your own containers" of the SageMaker developer guide, read 2026-11-28: JSON lines below
``/opt/ml/output/metrics/cloudwatch``. The guide calls the namespace ``/aws/sagemaker/Endpoints/data-metric`` and its dimensions
EndpointName and ScheduleName. Alarms that worked on AWS have those used here (aws-samples/amazon-sagemaker-drift-detection). "CloudWatch
Metrics for Bias Drift Analysis" and "... for Feature Drift Analysis": ``Endpoints`` becomes ``ModelMonitoring`` for batch transform jobs.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from course.localaws.cloudwatch.metrics.store import MetricDatum, observed
from course.localaws.sagemaker.monitoring.monitoring_job import (
    DATA_QUALITY,
    MODEL_BIAS,
    MODEL_EXPLAINABILITY,
    MODEL_QUALITY,
    MonitoringJob,
)
from course.sandbox import trees
from course.sandbox.trees import Directory, TreeError

PLACE = "output/metrics/cloudwatch"
NAMES = {
    DATA_QUALITY: "data-metrics",
    MODEL_QUALITY: "model-metrics",
    MODEL_BIAS: "bias-metrics",
    MODEL_EXPLAINABILITY: "explainability-metrics",
}
LARGEST = 16 << 20  # bytes of metrics of one job

logger = logging.getLogger(__name__)


def written(root: Path, job: MonitoringJob, schedule: str, moment: float) -> list[MetricDatum]:
    """The metrics below ``root``, /opt/ml of an instance that ran a job of a schedule, at ``moment`` in Unix seconds."""
    namespace = f"aws/sagemaker/{'Endpoints' if job.endpoint else 'ModelMonitoring'}/{NAMES[job.type]}"
    dimensions = {"Endpoint": job.endpoint, "MonitoringSchedule": schedule}
    given = {name: value for name, value in dimensions.items() if value}
    try:
        with Directory.open(root) as top, top.reach(PLACE.split("/")) as folder:
            return list(_data(folder, namespace, given, moment))
    except FileNotFoundError:
        return []  # the analyzer wrote none
    except TreeError as error:
        logger.warning("the metrics of %s cannot be read: %s", schedule, error)
        return []


def _data(folder: Directory, namespace: str, dimensions: dict[str, str], moment: float) -> Iterator[MetricDatum]:
    left = LARGEST
    for entry in trees.walk(folder):
        if len(entry.parts) > 1 or not entry.is_file or not entry.name.endswith(".jsonl"):
            continue
        left -= entry.status.st_size
        if left < 0:
            continue
        with entry.folder.read(entry.name) as file:
            lines = file.read(entry.status.st_size).decode(errors="replace").splitlines()
        for line in lines:
            try:
                yield _datum(json.loads(line), namespace, dimensions, moment)
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                logger.warning("this line of %s is no metric: %.200s", entry.name, line)


def _datum(content: dict[str, Any], namespace: str, dimensions: dict[str, str], moment: float) -> MetricDatum:
    named = {each["Name"]: each["Value"] for each in content.get("Dimensions", [])} | dimensions
    if "StatisticValues" not in content:
        return observed(namespace, content["MetricName"], [(float(content["Value"]), 1.0)], named, "None", moment)
    sums = content["StatisticValues"]
    numbers = [float(sums[name]) for name in ("SampleCount", "Sum", "Minimum", "Maximum")]
    return MetricDatum(namespace, content["MetricName"], moment, "None", *numbers, None, named, 60)
