"""Cleans up after a lesson: ends everything of the lesson that AWS would continue to bill, by the marker in its name."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError

WAIT = {"Delay": 1, "MaxAttempts": 120}
SHORT_DELAY = 0.2  # seconds between two calls of List for what takes a moment only
LATE_SECONDS = 10  # for which objects may still come to a bucket that is to go; captured data takes about one
TUNING = ("hyper_parameter_tuning_jobs", "HyperParameterTuningJob")
FEATURES = ("feature_groups", "FeatureGroup")
SCHEDULES = ("monitoring_schedules", "MonitoringSchedule")
EXECUTING = ("Pending", "InProgress", "Stopping")
GONE = ("ValidationException", "ResourceNotFound")  # codes that say that something is deleted, is being deleted, or has ended


class Cleanup:
    """Ends the resources of one run of a lesson.

    Parameters
    ----------
    client : boto3 SageMaker client
    marker : str
        A part of all names of the run (see `course.session.CourseSession.unique`).
    """

    def __init__(self, client: Any, marker: str) -> None:
        self.client = client
        self.marker = marker

    def run(self) -> str:
        """Delete and stop the resources in the order of their dependencies. Returns a paragraph that says what was done.

        Raises
        ------
        RuntimeError
            Something still runs afterwards. The message names it.
        """
        done = [
            *(self._end("monitoring schedule", name, self._delete_schedule) for name in self._names(*SCHEDULES)),  # before its endpoint
            *(self._end("endpoint", name, self._delete_endpoint) for name in self._names("endpoints", "Endpoint")),
            *(self._end("endpoint configuration", name, self._delete_config) for name in self._names("endpoint_configs", "EndpointConfig")),
            *(self._end("model", name, self._delete_model) for name in self._names("models", "Model")),
            *(
                self._end("tuning job", name, self._stop_tuning) for name in self._running(*TUNING)
            ),  # first, because it starts training jobs
            *(self._end("training job", name, self._stop_training) for name in self._running("training_jobs", "TrainingJob")),
            *(self._end("processing job", name, self._stop_processing) for name in self._running("processing_jobs", "ProcessingJob")),
            *(self._end("transform job", name, self._stop_transform) for name in self._running("transform_jobs", "TransformJob")),
            *(self._end("feature group", name, self._delete_feature_group) for name in self._names(*FEATURES)),
        ]
        left = [
            *self._names(*SCHEDULES),
            *self._names("endpoints", "Endpoint"),
            *self._running(*TUNING),
            *self._running("training_jobs", "TrainingJob"),
            *self._running("processing_jobs", "ProcessingJob"),
            *self._running("transform_jobs", "TransformJob"),
            *self._names(*FEATURES),
        ]
        if left:
            raise RuntimeError(f"still running, and billed on AWS: {', '.join(left)}. Run this cell again, or delete them in the console.")
        return "\n".join([*done, "Nothing of this run is left that costs money."])

    def _names(self, plural: str, noun: str, **filters: str) -> list[str]:
        pages = self.client.get_paginator(f"list_{plural}").paginate(NameContains=self.marker, **filters)
        members = {"Endpoint": "Endpoints", "EndpointConfig": "EndpointConfigs", "Model": "Models"}
        member = members.get(noun, f"{noun}Summaries")
        return [item[f"{noun}Name"] for page in pages for item in page[member]]

    def _running(self, plural: str, noun: str) -> list[str]:
        return self._names(plural, noun, StatusEquals="InProgress")

    def _end(self, kind: str, name: str, action: Any) -> str:
        with _unless_gone():
            action(name)
        return f"Ended {kind} {name}."

    def _delete_endpoint(self, name: str) -> None:
        with _unless_gone():
            self.client.delete_endpoint(EndpointName=name)
        self.client.get_waiter("endpoint_deleted").wait(EndpointName=name, WaiterConfig=WAIT)

    def _delete_config(self, name: str) -> None:
        self.client.delete_endpoint_config(EndpointConfigName=name)

    def _delete_model(self, name: str) -> None:
        self.client.delete_model(ModelName=name)

    def _stop_tuning(self, name: str) -> None:
        self.client.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
        for _ in range(WAIT["MaxAttempts"]):  # boto3 has no waiter for tuning jobs
            if name not in self._names(*TUNING, StatusEquals="Stopping"):
                return
            time.sleep(WAIT["Delay"])

    def _stop_training(self, name: str) -> None:
        self.client.stop_training_job(TrainingJobName=name)
        self.client.get_waiter("training_job_completed_or_stopped").wait(TrainingJobName=name, WaiterConfig=WAIT)

    def _stop_processing(self, name: str) -> None:
        self.client.stop_processing_job(ProcessingJobName=name)
        self.client.get_waiter("processing_job_completed_or_stopped").wait(ProcessingJobName=name, WaiterConfig=WAIT)

    def _stop_transform(self, name: str) -> None:
        self.client.stop_transform_job(TransformJobName=name)
        self.client.get_waiter("transform_job_completed_or_stopped").wait(TransformJobName=name, WaiterConfig=WAIT)

    def _delete_schedule(self, name: str) -> None:
        """Delete a schedule, once its execution has ended, and then the job definition that it names."""
        described = self._idle_schedule(name)
        with _unless_gone():
            self.client.delete_monitoring_schedule(MonitoringScheduleName=name)
        self._while_named(name, *SCHEDULES)
        if definition := described["MonitoringScheduleConfig"].get("MonitoringJobDefinitionName"):
            kind = xform_name(described["MonitoringScheduleConfig"]["MonitoringType"])
            getattr(self.client, f"delete_{kind}_job_definition")(JobDefinitionName=definition)

    def _idle_schedule(self, name: str) -> dict[str, Any]:
        """The description of a schedule that runs no execution: boto3 has no waiter for that."""
        for _ in range(round(WAIT["MaxAttempts"] * WAIT["Delay"] / SHORT_DELAY)):
            described = self.client.describe_monitoring_schedule(MonitoringScheduleName=name)
            if described.get("LastMonitoringExecutionSummary", {}).get("MonitoringExecutionStatus") not in EXECUTING:
                break
            time.sleep(SHORT_DELAY)
        return described

    def _delete_feature_group(self, name: str) -> None:
        """Delete its online store, once it is created. The files and the Glue table of its offline store stay, as on AWS."""
        self._while_named(name, *FEATURES, FeatureGroupStatusEquals="Creating")
        with _unless_gone():
            self.client.delete_feature_group(FeatureGroupName=name)
        self._while_named(name, *FEATURES)

    def _while_named(self, name: str, plural: str, noun: str, **filters: str) -> None:
        """Wait while List shows a resource of a kind for which boto3 has no waiter."""
        for _ in range(round(WAIT["MaxAttempts"] * WAIT["Delay"] / SHORT_DELAY)):
            if name not in self._names(plural, noun, **filters):
                return
            time.sleep(SHORT_DELAY)


@contextlib.contextmanager
def _unless_gone() -> Iterator[None]:
    """Go on where a request comes too late. What is being deleted already, by the learner's own request, is still waited for."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] not in GONE:
            raise


def delete_bucket(s3: Any, name: str) -> None:
    """Delete a bucket with all its objects, and with those that come meanwhile, such as the last captured data of an endpoint."""
    for left in range(LATE_SECONDS, -1, -1):
        delete_objects(s3, name, "")
        try:
            s3.delete_bucket(Bucket=name)
            return
        except ClientError as error:
            if error.response["Error"]["Code"] != "BucketNotEmpty" or not left:
                raise
        time.sleep(1)


def delete_objects(s3: Any, bucket: str, prefix: str) -> None:
    """Delete the objects whose keys begin with the prefix."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        if keys := [{"Key": each["Key"]} for each in page.get("Contents", ())]:
            s3.delete_objects(Bucket=bucket, Delete={"Objects": keys})
