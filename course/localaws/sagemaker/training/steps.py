"""The secondary statuses of a training job, and the members of its description that change with them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from course.localaws.core.data_files import table

if TYPE_CHECKING:
    from course.localaws.core.resources import Document

MESSAGES = {
    "Completed": "Training job completed",
    "Failed": "Training job failed",
    "Stopped": "Training job stopped",
    "MaxRuntimeExceeded": "Training job runtime exceeded MaxRuntimeInSeconds provided",
    "MaxWaitTimeExceeded": "Training job wait time exceeded MaxWaitTimeInSeconds provided",
}
SPOT = Path(__file__).with_name("spot.yaml")
ACTIVE = ("Downloading", "Training", "Uploading", "Stopping")  # the statuses in which it holds instances


def next_step(document: Document, now: float, secondary: str, message: str) -> dict:
    """The members that change when the job enters a secondary status."""
    *earlier, last = document.get("SecondaryStatusTransitions", [None])
    done = [*earlier, last | {"EndTime": now}] if last else []
    return {
        "SecondaryStatus": secondary,
        "SecondaryStatusTransitions": [*done, {"Status": secondary, "StartTime": now, "StatusMessage": message}],
    }


def ended(document: Document, now: float, secondary: str, failure: str) -> dict:
    """The members that change when a job ends with one of `MESSAGES` as its secondary status."""
    changes = {"TrainingJobStatus": "Stopped" if secondary.endswith("Exceeded") else secondary, "TrainingEndTime": now}
    changes |= next_step(document, now, secondary, failure or MESSAGES[secondary])
    changes["SecondaryStatusTransitions"][-1]["EndTime"] = now
    if failure:
        changes["FailureReason"] = failure
    if "TrainingStartTime" in document:
        seconds = max(1, math.ceil(seconds_in(document, ACTIVE, now)))
        spot = document["EnableManagedSpotTraining"]
        changes |= {"TrainingTimeInSeconds": seconds, "BillableTimeInSeconds": billable(seconds, spot)}
    return changes


def restarting(document: Document, now: float, failure: str) -> dict:
    """The members that change when a job is retried after an internal error, if its ``RetryStrategy`` allows that; else none.

    A retried job is ``Starting`` according to the API reference, and ``Restarting`` before that according to SecondaryStatus's enum.
    """
    allowed = document.get("RetryStrategy", {}).get("MaximumRetryAttempts", 0)
    done = sum(step["Status"] == "Restarting" for step in document["SecondaryStatusTransitions"])
    if document["TrainingJobStatus"] != "InProgress" or done >= allowed:
        return {}
    return next_step(document, now, "Restarting", f"Restarting the training job: {failure}")


def seconds_in(document: Document, statuses: tuple[str, ...], now: float) -> float:
    """The seconds that a job has spent in these secondary statuses."""
    steps = [step for step in document["SecondaryStatusTransitions"] if step["Status"] in statuses]
    return sum(step.get("EndTime", now) - step["StartTime"] for step in steps)


def billable(seconds: int, spot: bool) -> int:
    """The billed seconds of a job's training seconds. For Spot instances they are the modelled share in `spot.yaml`."""
    return max(1, math.ceil(seconds * table(SPOT)["billed_share"])) if spot else seconds
