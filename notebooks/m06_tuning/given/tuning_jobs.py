"""Short ways to wait for a tuning job, to read what its training jobs printed, and to ask for it anew with a change."""

import copy
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from botocore.waiter import WaiterModel, create_waiter_with_client

NAME, STATUS = "TuningJobEnded", "HyperParameterTuningJobStatus"
ENDS = ("Completed", "Failed", "Stopped")  # a tuning job that failed has ended, too: how, its description says
EVERY, TIMES = 15, 240  # seconds, and how often: it gives up after an hour
OBJECTIVE = "FinalHyperParameterTuningJobObjectiveMetric"
GROUP = "/aws/sagemaker/TrainingJobs"


def channel(name: str, uri: str) -> dict:
    """A channel of CSV at an S3 URI, in boto3's form."""
    source = {"S3DataType": "S3Prefix", "S3Uri": uri}
    return {"ChannelName": name, "ContentType": "text/csv", "DataSource": {"S3DataSource": source}}


def sdk_channel(name: str, uri: str) -> Any:
    """A channel of CSV at an S3 URI, in the SDK's form of the request. In a tuner of version 3.12, `InputData` loses its content type."""
    from sagemaker.core.shapes import Channel, DataSource, S3DataSource  # the import takes seconds

    source = DataSource(s3_data_source=S3DataSource(s3_data_type="S3Prefix", s3_uri=uri))
    return Channel(channel_name=name, content_type="text/csv", data_source=source)


def wait_for_tuning(sagemaker: Any, name: str) -> dict:
    """The description of the tuning job ``name``, once it has ended. boto3 has a waiter for training jobs, and none for these.

    Raises
    ------
    botocore.exceptions.WaiterError
        When it has not after an hour, or there is none of this name.
    """
    acceptors = [{"state": "success", "matcher": "path", "argument": STATUS, "expected": end} for end in ENDS]
    waiter = {"operation": "DescribeHyperParameterTuningJob", "delay": EVERY, "maxAttempts": TIMES, "acceptors": acceptors}
    create_waiter_with_client(NAME, WaiterModel({"version": 2, "waiters": {NAME: waiter}}), sagemaker).wait(
        HyperParameterTuningJobName=name
    )
    return sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)


def children(sagemaker: Any, name: str) -> list[dict]:
    """The summaries of a tuning job's training jobs, in the order in which they began."""
    pages = sagemaker.get_paginator("list_training_jobs_for_hyper_parameter_tuning_job")
    found = pages.paginate(HyperParameterTuningJobName=name, SortBy="CreationTime", SortOrder="Ascending")
    return [summary for page in found for summary in page["TrainingJobSummaries"]]


def run(sagemaker: Any, name: str, request: dict) -> dict:
    """Make a tuning job of this name and wait for its end; its description."""
    sagemaker.create_hyper_parameter_tuning_job(HyperParameterTuningJobName=name, **request)
    return wait_for_tuning(sagemaker, name)


def shown(job: dict) -> str:
    """Status, best objective value and reason of a tuning job that has ended, in one line."""
    best = job.get("BestTrainingJob", {}).get(OBJECTIVE, {}).get("Value", "none")
    return f"{job['HyperParameterTuningJobStatus']}; best objective {best}; {job.get('FailureReason', 'no complaint')}"


def printed(sagemaker: Any, logs: Any, name: str) -> dict[str, list[str]]:
    """The lines that the training jobs of a tuning job printed, by the name of the log stream; a training job has one."""
    found = {}
    for child in children(sagemaker, name):
        prefix = f"{child['TrainingJobName']}/"
        for stream in logs.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix=prefix)["logStreams"]:
            pages = logs.get_paginator("filter_log_events")
            asked = pages.paginate(logGroupName=GROUP, logStreamNames=[stream["logStreamName"]])
            found[stream["logStreamName"]] = [event["message"] for page in asked for event in page["events"]]
    return found


def packed(program: str | Path) -> Path:
    """A program as script mode wants it, in an archive."""
    archive = Path(tempfile.mkdtemp()) / "sourcedir.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(program, Path(program).name)
    return archive


def repaired(request: dict, change: dict[str, Any]) -> dict:
    """A copy of a request with other values at some paths.

    Parameters
    ----------
    request : dict
    change : dict
        Path of a field to its new value, as in ``{"TrainingJobDefinition.StaticHyperParameters.epochs": "9"}``. In a list, the name of
        an item stands for its place.

    Raises
    ------
    KeyError
        When the request has no such field; it says which there are.
    """
    request = copy.deepcopy(request)
    for path, value in change.items():
        *way, last = path.split(".")
        place = request
        for step in way:
            place = _within(place, step, path)
        _within(place, last, path)
        place[last] = value
    return request


def _within(place: dict | list, step: str, path: str) -> Any:
    """What stands at one step of a path."""
    if isinstance(place, list):
        place = {item.get("ChannelName", item.get("Name")): item for item in place}
    if step not in place:
        raise KeyError(f"{path}: there is no {step!r}; there are {', '.join(place)}")
    return place[step]
