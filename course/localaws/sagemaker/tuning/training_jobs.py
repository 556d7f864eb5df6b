"""The summaries of a tuning job's training jobs, for Describe and List."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from course.localaws.core import paging

if TYPE_CHECKING:
    from course.localaws.core.resources import Document
    from course.localaws.sagemaker.tuning.plan import TuningPlan
    from course.localaws.sagemaker.tuning.strategies.space import Values

METRIC = "FinalHyperParameterTuningJobObjectiveMetric"
FROM_JOB = ("CreationTime", "TrainingStartTime", "TrainingEndTime", "TrainingJobStatus", "FailureReason")
RETRYABLE = "InternalServerError"
SORTED_BY = {
    "Name": lambda summary: summary["TrainingJobName"],
    "CreationTime": lambda summary: summary["CreationTime"],
    "Status": lambda summary: summary["TrainingJobStatus"],
    "FinalObjectiveMetricValue": lambda summary: summary.get(METRIC, {}).get("Value"),
}


def summary_of(job: Document, plan: TuningPlan, values: Values) -> dict:
    """The summary of a training job that has just begun."""
    named = {"TrainingJobDefinitionName": plan.name} if plan.name else {}
    started = {member: job[member] for member in ("TrainingJobName", "TrainingJobArn")}
    return named | started | _progress(job) | {"TunedHyperParameters": values, "ObjectiveStatus": "Pending"}


def refreshed(summary: dict, job: Document) -> dict:
    """The summary, updated from the training job's description."""
    return summary | _progress(job)


def evaluated(summary: dict, job: Document, plan: TuningPlan, value: float | None) -> dict:
    """The summary of a training job that has ended.

    Parameters
    ----------
    value : float or None
        The last objective value that it emitted. The value of a failed job is not used.
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
    """The summary with the best objective value, the earlier of two equal ones; None if there are no values."""
    values = [(summary[METRIC]["Value"], summary) for summary in summaries if METRIC in summary]
    if not values:
        return None
    return (max if maximise else min)(values, key=lambda pair: pair[0])[1]


def page(summaries: list[dict], params: dict) -> tuple[list[dict], str | None]:
    """One page of ListTrainingJobsForHyperParameterTuningJob and the token of the next one.

    Parameters
    ----------
    params : dict
        ``StatusEquals``, ``SortBy``, ``SortOrder``, ``MaxResults``, ``NextToken``. When sorted by objective value, training jobs without
        one are omitted.

    Raises
    ------
    AwsError
        ``ValidationException`` for an invalid token, or the token of another query.
    """
    shown = [summary for summary in summaries if params.get("StatusEquals") in (None, summary["TrainingJobStatus"])]
    value = SORTED_BY[params.get("SortBy", "Name")]
    shown = [summary for summary in shown if value(summary) is not None]
    return paging.page(shown, "TrainingJobArn", value, {"SortOrder": "Ascending"} | params)


def _progress(job: Document) -> dict:
    return {member: job[member] for member in FROM_JOB if member in job}


def _counted(summary: dict) -> str:
    status = summary["TrainingJobStatus"]
    if status == "Failed":
        return "RetryableError" if summary.get("FailureReason", "").startswith(RETRYABLE) else "NonRetryableError"
    return status if status in ("Completed", "Stopped") else "InProgress"
