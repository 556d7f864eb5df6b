"""The training jobs of a tuning job as its descriptions and lists show them."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from course.localaws.errors import AwsError

if TYPE_CHECKING:
    from course.localaws.sagemaker.engine import Document
    from course.localaws.sagemaker.strategies.space import Values
    from course.localaws.sagemaker.tuning_plan import Plan

METRIC = "FinalHyperParameterTuningJobObjectiveMetric"
FROM_JOB = ("CreationTime", "TrainingStartTime", "TrainingEndTime", "TrainingJobStatus", "FailureReason")
ASKED = ("HyperParameterTuningJobName", "StatusEquals", "SortBy", "SortOrder")
DEFAULT_PAGE = 10
RETRYABLE = "InternalServerError"


def summary_of(job: Document, plan: Plan, values: Values) -> dict:
    """A training job that has just begun."""
    named = {"TrainingJobDefinitionName": plan.name} if plan.name else {}
    started = {member: job[member] for member in ("TrainingJobName", "TrainingJobArn")}
    return named | started | _progress(job) | {"TunedHyperParameters": values, "ObjectiveStatus": "Pending"}


def refreshed(summary: dict, job: Document) -> dict:
    """The summary as the training job's description is now."""
    return summary | _progress(job)


def evaluated(summary: dict, job: Document, plan: Plan, value: float | None) -> dict:
    """The summary of a training job that has ended.

    Parameters
    ----------
    value : float or None
        The last objective value that it emitted. That of a job which failed is not used.
    """
    summary = refreshed(summary, job)
    if value is None or summary["TrainingJobStatus"] == "Failed":
        return summary | {"ObjectiveStatus": "Failed"}
    kind = {"Type": plan.objective["Type"]} if "TuningObjective" in plan.definition else {}
    return summary | {"ObjectiveStatus": "Succeeded", METRIC: kind | {"MetricName": plan.metric, "Value": value}}


def counters(summaries: Iterable[dict]) -> dict:
    """``TrainingJobStatusCounters`` and ``ObjectiveStatusCounters``."""
    statuses = dict.fromkeys(("Completed", "InProgress", "RetryableError", "NonRetryableError", "Stopped"), 0)
    objectives = dict.fromkeys(("Succeeded", "Pending", "Failed"), 0)
    for summary in summaries:
        statuses[_counted(summary)] += 1
        objectives[summary["ObjectiveStatus"]] += 1
    return {"TrainingJobStatusCounters": statuses, "ObjectiveStatusCounters": objectives}


def best(summaries: Iterable[dict], maximise: bool) -> dict | None:
    """The summary with the best objective value, None when there is no such value; the earlier of two equal ones."""
    values = [(summary[METRIC]["Value"], summary) for summary in summaries if METRIC in summary]
    if not values:
        return None
    return (max if maximise else min)(values, key=lambda pair: pair[0])[1]


def page(summaries: list[dict], params: dict) -> tuple[list[dict], str | None]:
    """One page of ListTrainingJobsForHyperParameterTuningJob and the token of the next one.

    Parameters
    ----------
    params : dict
        ``StatusEquals``, ``SortBy``, ``SortOrder``, ``MaxResults``, ``NextToken``. Training jobs without an objective value are left
        out of an order by it.

    Raises
    ------
    AwsError
        ``ValidationException`` for a token that is not one of ours, or belongs to another query.
    """
    status, by = params.get("StatusEquals"), params.get("SortBy", "Name")
    query = zlib.crc32(repr([params.get(member) for member in ASKED]).encode())
    shown = [summary for summary in summaries if status in (None, summary["TrainingJobStatus"])]
    if by == "FinalObjectiveMetricValue":
        shown = [summary for summary in shown if METRIC in summary]
    descending = params.get("SortOrder") == "Descending"
    if params.get("NextToken"):
        last = _read(params["NextToken"], query)
        shown = [summary for summary in shown if (_place(summary, by) < last if descending else _place(summary, by) > last)]
    ordered = sorted(shown, key=lambda summary: _place(summary, by), reverse=descending)
    limit = params.get("MaxResults", DEFAULT_PAGE)
    token = _token(query, _place(ordered[limit - 1], by)) if len(ordered) > limit else None
    return ordered[:limit], token


def _progress(job: Document) -> dict:
    return {member: job[member] for member in FROM_JOB if member in job}


def _counted(summary: dict) -> str:
    status = summary["TrainingJobStatus"]
    if status == "Failed":
        return "RetryableError" if summary.get("FailureReason", "").startswith(RETRYABLE) else "NonRetryableError"
    return status if status in ("Completed", "Stopped") else "InProgress"


def _place(summary: dict, by: str) -> tuple:
    first = {
        "Name": "",
        "CreationTime": summary["CreationTime"],
        "Status": summary["TrainingJobStatus"],
        "FinalObjectiveMetricValue": summary.get(METRIC, {}).get("Value"),
    }[by]
    return first, summary["TrainingJobName"]


def _token(query: int, place: tuple) -> str:
    """Holds the place of the last one shown, so that none is left out or shown again while others begin and end."""
    return base64.urlsafe_b64encode(json.dumps([query, *place]).encode()).decode()


def _read(token: str, query: int) -> tuple:
    try:
        made_for, first, name = json.loads(base64.b64decode(token, "-_", validate=True))
    except (ValueError, TypeError):
        made_for = first = name = None
    if made_for != query or not isinstance(first, int | float | str) or not isinstance(name, str):
        raise AwsError("ValidationException", "Invalid NextToken: it was not returned by this operation with these parameters.")
    return first, name
