"""Checks of the job that a definition or a schedule names. Each raises AwsError.

Source: API reference of MonitoringStoppingCondition, BatchTransformInput, MonitoringDatasetFormat and ScheduleConfig, read 2026-11-28. The
cluster, the network, the keys and the paths are checked as those of a processing job, because one runs it.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from course.localaws.context import Context
from course.localaws.core.errors import invalid
from course.localaws.jobs.s3_data import split
from course.localaws.platform import Platform
from course.localaws.sagemaker.core import protection
from course.localaws.sagemaker.core.job_family import check_isolation
from course.localaws.sagemaker.monitoring import timing
from course.localaws.sagemaker.monitoring.monitoring_job import MonitoringJob, longest
from course.localaws.sagemaker.processing.checks import LOCAL, check_cluster, isolated


def check(platform: Platform, context: Context, job: MonitoringJob) -> None:
    """Check a job as CreateProcessingJob would. Waits for IAM and moto."""
    protection.require_role(platform, job.role)
    check_cluster(context, job.resources["ClusterConfig"])
    check_isolation(isolated({"NetworkConfig": job.network}))
    keys = (job.output.get("KmsKeyId"), job.resources["ClusterConfig"].get("VolumeKmsKeyId"))
    protection.check(platform, context, keys, job.network.get("VpcConfig"))
    protection.check_volume(platform, context, keys[1], job.role)
    for name, path in (("input", job.source["LocalPath"]), ("output", job.reports["LocalPath"])):
        place = PurePosixPath(path)
        if not place.is_relative_to(LOCAL) or ".." in place.parts:
            raise invalid(f"LocalPath of the {name} must begin with {LOCAL}/; got {path!r}.")
    split(job.reports["S3Uri"])
    if job.labelled:
        if not job.ground_truth:
            raise invalid(f"A job of type {job.type} needs GroundTruthS3Input.S3Uri.")
        split(job.ground_truth)
    for side in ("Start", "End"):
        timing.offset(job.source.get(f"{side}TimeOffset", "PT0S"))
    if "DatasetFormat" in job.source:
        _check_format(job.source)


def check_schedule(schedule: dict[str, Any], job: MonitoringJob) -> None:
    """Check a ``ScheduleConfig`` with the job that it runs."""
    expression = schedule["ScheduleExpression"]
    timing.check(expression)
    timing.window(schedule, timing.following(expression, timing.DAY), job.source)
    period, asked = timing.period(expression), job.stopping["MaxRuntimeInSeconds"]
    most = longest(job.type) * int(period // timing.HOUR)
    if period and asked > most:
        raise invalid(
            f"MaxRuntimeInSeconds of the job is {asked} and can be at most {most}: an execution must end before the next one starts"
            + (", and the merge of labels and the analysis share the time." if job.labelled else ".")
        )


def _check_format(source: dict[str, Any]) -> None:
    split(source["DataCapturedDestinationS3Uri"])
    formats = [name for name in ("Csv", "Json", "Parquet") if name in source["DatasetFormat"]]
    if len(formats) != 1:
        raise invalid("DatasetFormat must have exactly one of Csv, Json and Parquet.")
