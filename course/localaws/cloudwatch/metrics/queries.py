"""GetMetricData: several metrics and math expressions in one response."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field

from course.localaws.cloudwatch.metrics import statistics
from course.localaws.cloudwatch.metrics.expressions import Series, evaluate
from course.localaws.cloudwatch.metrics.store import MetricStore
from course.localaws.core.errors import AwsError, not_supported, validation_error

MOST_QUERIES = 500
MOST_DATAPOINTS = 100_800
GET, ALARM = "GetMetricData", "PutMetricAlarm"
MEMBERS = {GET: "MetricDataQueries", ALARM: "Metrics"}  # operation that takes queries -> the member that holds them
_ID = re.compile(r"[a-z]\w*", re.ASCII)


def metric_data(store: MetricStore, region: str, params: dict) -> dict:
    """Performs GetMetricData. A query without a unit merges the data points of all units of its metric."""
    queries = params["MetricDataQueries"]
    if not 1 <= len(queries) <= MOST_QUERIES:
        raise validation_error(f"The collection MetricDataQueries must have between 1 and {MOST_QUERIES} queries.")
    if params["StartTime"] >= params["EndTime"]:
        raise validation_error("The parameter StartTime must be less than the parameter EndTime.")
    evaluation = Evaluation(store, region, params["StartTime"], params["EndTime"], by_id(queries), store.clock.now())
    descending = params.get("ScanBy", "TimestampDescending") == "TimestampDescending"
    results = []
    for query in queries:
        series = evaluation.series(query["Id"])
        if query.get("ReturnData", True):
            points = sorted(series.items(), reverse=descending)
            results.append((query, points))
    if not results:
        raise validation_error("At least one of the queries must have ReturnData set to true.")
    return _paged(results, params)


def by_id(queries: list[dict], operation: str = GET) -> dict[str, dict]:
    """Checks the queries of a request and returns them by id. Raises ``ValidationError``."""
    member = MEMBERS[operation]
    found: dict[str, dict] = {}
    for number, query in enumerate(queries, start=1):
        path, query_id = f"{member}.member.{number}", query["Id"]
        if not _ID.fullmatch(query_id):
            raise validation_error(
                f"The value {query_id} for parameter {path}.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$."
            )
        if query_id in found:
            raise validation_error(f'The values for parameter id in {member} are not unique: "{query_id}"')
        if ("MetricStat" in query) == ("Expression" in query):
            raise validation_error(f"Exactly one of the parameters {path}.MetricStat and {path}.Expression must be specified.")
        if "${" in query.get("Label", ""):
            raise not_supported("cloudwatch", f"{operation} with a dynamic label")
        found[query_id] = query
    return found


@dataclass
class Evaluation:
    """Time series by query id, each computed once. An expression may use other queries in any order, but not itself."""

    store: MetricStore
    region: str
    start: float
    end: float
    queries: dict[str, dict]
    now: float
    operation: str = GET
    done: dict[str, Series] = field(default_factory=dict)
    running: list[str] = field(default_factory=list)

    def series(self, query_id: str) -> Series:
        if query_id not in self.done:
            if query_id in self.running:
                raise validation_error(f"The expressions {', '.join(self.running)} refer to each other in a circle.")
            self.running.append(query_id)
            query = self.queries[query_id]
            self.done[query_id] = self._metric(query["MetricStat"]) if "MetricStat" in query else self._expression(query)
            self.running.pop()
        return self.done[query_id]

    def _metric(self, stat: dict) -> Series:
        if not {"Namespace", "MetricName"} <= stat["Metric"].keys():
            raise validation_error("The parameters Metric.Namespace and Metric.MetricName are required.")
        statistics.check_statistic(stat["Stat"])
        statistics.check_period(stat["Period"])
        start = statistics.rounded_start(self.start, stat["Period"], self.now)
        span = (start, self.end, stat["Period"], stat.get("Unit"))
        found = statistics.merged(statistics.summaries(self.store, self.region, stat["Metric"], *span))
        values = {moment: summary.statistic(stat["Stat"]) for moment, summary in found.items()}
        return {moment: value for moment, value in values.items() if value is not None}

    def _expression(self, query: dict) -> Series:
        used: set[int] = set()

        def of(name: str) -> Series | None:
            if name not in self.queries:
                return None
            used.update(self._periods(name))
            return self.series(name)

        series = evaluate(query["Expression"], query["Id"], of, self.operation)
        if len(used) > 1:
            raise not_supported("cloudwatch", f"{self.operation} with metrics of different periods in one expression ({sorted(used)})")
        return series

    def _periods(self, query_id: str) -> set[int]:
        query = self.queries[query_id]
        return {query["MetricStat"]["Period"]} if "MetricStat" in query else set()


def _paged(results: list[tuple[dict, list[tuple[float, float]]]], params: dict) -> dict:
    """Returns one page of at most ``MaxDatapoints``, query by query. Results of expressions are not paged, as on AWS."""
    limit = params.get("MaxDatapoints", MOST_DATAPOINTS)
    if limit < 1:
        raise validation_error("The parameter MaxDatapoints must be at least 1.")
    if any("Expression" in query for query, _ in results):
        limit = sum(len(points) for _, points in results)
    offset = _decode(params["NextToken"]) if "NextToken" in params else 0
    shown, seen = [], 0
    for query, points in results:
        begin, end = max(offset - seen, 0), max(offset + limit - seen, 0)
        page = points[begin:end]
        complete = end >= len(points)
        shown.append(
            {
                "Id": query["Id"],
                "Label": query.get("Label") or (query["MetricStat"]["Metric"]["MetricName"] if "MetricStat" in query else query["Id"]),
                "Timestamps": [moment for moment, _ in page],
                "Values": [value for _, value in page],
                "StatusCode": "Complete" if complete else "PartialData",
            }
        )
        seen += len(points)
    result: dict = {"MetricDataResults": shown, "Messages": []}
    if seen > offset + limit:
        result["NextToken"] = base64.urlsafe_b64encode(str(offset + limit).encode()).decode()
    return result


def _decode(token: str) -> int:
    try:
        return max(0, int(base64.urlsafe_b64decode(token)))
    except ValueError:
        raise AwsError("InvalidNextToken", "Invalid nextToken") from None
