"""Evaluates a metric alarm at a moment of the clock.

Source: CloudWatch User Guide, "Alarm evaluation". An alarm is evaluated every minute, or every ten seconds when its period is shorter than
a minute. Its periods end at the moment of evaluation, so a period of five minutes may begin at any minute.
"""

from __future__ import annotations

from course.localaws.cloudwatch.alarms.reasons import period
from course.localaws.cloudwatch.alarms.states import MORE, DataPoint, Verdict, breaching, verdict
from course.localaws.cloudwatch.metrics import statistics
from course.localaws.cloudwatch.metrics.queries import ALARM, Evaluation
from course.localaws.cloudwatch.metrics.store import MetricStore


def step(alarm: dict) -> int:
    """Returns the seconds between two evaluations."""
    return 10 if period(alarm) < 60 else 60


def evaluate(store: MetricStore, region: str, alarm: dict, moment: float) -> tuple[Verdict, list[DataPoint]]:
    """Returns an alarm's verdict at a moment and its whole evaluation range."""
    points = _points(store, region, alarm, moment // step(alarm) * step(alarm))
    return verdict(alarm, points, breaching(alarm)), points


def check(store: MetricStore, region: str, alarm: dict, moment: float) -> None:
    """Raises AwsError when an alarm could never be evaluated, e.g. ``NotSupportedByLocalAws`` for a function of metric math."""
    _points(store, region, alarm, moment)


def next_data(store: MetricStore, region: str, alarm: dict, moment: float) -> float | None:
    """Returns the time of the next data point of any of the alarm's metrics; None when there is none."""
    found = (store.first_after(region, metric, moment) for metric in metrics_of(alarm))
    return min((first for first in found if first is not None), default=None)


def metrics_of(alarm: dict) -> list[dict]:
    """Returns the metrics that a metric alarm watches."""
    if "MetricName" in alarm:
        return [alarm]
    return [query["MetricStat"]["Metric"] for query in alarm["Metrics"] if "MetricStat" in query]


def _points(store: MetricStore, region: str, alarm: dict, end: float) -> list[DataPoint]:
    seconds, number = period(alarm), alarm["EvaluationPeriods"] + MORE
    moments = [end - seconds * left for left in range(number, 0, -1)]
    if "MetricName" not in alarm:
        queries = {query["Id"]: query for query in alarm["Metrics"]}
        [shown] = [query_id for query_id, query in queries.items() if query.get("ReturnData", True)]
        series = Evaluation(store, region, moments[0], end, queries, end, ALARM).series(shown)
        return [DataPoint(moment, series.get(moment)) for moment in moments]
    found = statistics.merged(statistics.summaries(store, region, alarm, moments[0], end, seconds, alarm.get("Unit")))
    return [_point(alarm, moment, found.get(moment)) for moment in moments]


def _point(alarm: dict, moment: float, summary: statistics.Summary | None) -> DataPoint:
    if summary is None or _too_few(alarm, summary.count):
        return DataPoint(moment, None)
    return DataPoint(moment, summary.statistic(alarm.get("Statistic") or alarm["ExtendedStatistic"]), summary.count)


def _too_few(alarm: dict, count: float) -> bool:
    """Returns whether ``count`` samples are too few for the alarm's percentile.

    Source: CloudWatch User Guide, "Percentile-based CloudWatch alarms and low data samples".
    """
    if alarm.get("EvaluateLowSampleCountPercentile") != "ignore" or "ExtendedStatistic" not in alarm:
        return False
    share = float(alarm["ExtendedStatistic"][1:]) / 100
    rest = 1 - share if share >= 0.5 else share
    return rest <= 0 or count < 10 / rest
