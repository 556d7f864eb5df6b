"""GetMetricData: several metrics in one response, arithmetic compared with Python's, and pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.localaws.cloudwatch.metrics.expressions import evaluate
from course.localaws.core.errors import AwsError

START = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=1)


@pytest.fixture
def errors_and_calls(cloudwatch, namespace) -> str:
    """Put ten minutes of calls. Two of them have errors; the others have no data point for errors."""
    data = [{"MetricName": "calls", "Timestamp": START + timedelta(minutes=n), "Value": 10.0} for n in range(10)]
    data += [{"MetricName": "errors", "Timestamp": START + timedelta(minutes=n), "Value": float(n)} for n in (3, 7)]
    cloudwatch.put_metric_data(Namespace=namespace, MetricData=data)
    return namespace


def stat(namespace: str, name: str, query_id: str | None = None, period: int = 60, **more) -> dict:
    metric = {"Namespace": namespace, "MetricName": name}
    return {"Id": query_id or name, "MetricStat": {"Metric": metric, "Period": period, "Stat": "Sum"}, **more}


def ask(cloudwatch, queries: list[dict], **more) -> dict[str, dict]:
    answer = cloudwatch.get_metric_data(MetricDataQueries=queries, StartTime=START, EndTime=START + timedelta(minutes=10), **more)
    return {result["Id"]: result for result in answer["MetricDataResults"]}


def test_metrics_and_expressions(cloudwatch, errors_and_calls):
    hidden = stat(errors_and_calls, "calls", ReturnData=False)
    rate = {"Id": "rate", "Expression": "100 * errors / calls", "Label": "error rate"}
    found = ask(cloudwatch, [rate, hidden, stat(errors_and_calls, "errors")])
    assert list(found) == ["rate", "errors"]
    assert (found["rate"]["Values"], found["rate"]["Label"], found["rate"]["StatusCode"]) == ([70, 30], "error rate", "Complete")
    assert found["rate"]["Timestamps"] == [START + timedelta(minutes=n) for n in (7, 3)]
    assert found["errors"]["Label"] == "errors"
    oldest_first = ask(cloudwatch, [stat(errors_and_calls, "errors")], ScanBy="TimestampAscending")
    assert oldest_first["errors"]["Values"] == [3, 7]


def test_a_division_by_zero_leaves_a_gap(cloudwatch, errors_and_calls):
    queries = [stat(errors_and_calls, "calls"), {"Id": "gap", "Expression": "1 / (calls - 10)"}]
    assert ask(cloudwatch, queries)["gap"]["Values"] == []


def test_pages(cloudwatch, errors_and_calls):
    queries = [stat(errors_and_calls, "calls"), stat(errors_and_calls, "errors")]
    span = {"StartTime": START, "EndTime": START + timedelta(minutes=10)}
    pages = list(cloudwatch.get_paginator("get_metric_data").paginate(MetricDataQueries=queries, **span, MaxDatapoints=5))
    sizes = [[len(result["Values"]) for result in page["MetricDataResults"]] for page in pages]
    assert sizes == [[5, 0], [5, 0], [0, 2]]
    statuses = [[result["StatusCode"] for result in page["MetricDataResults"]] for page in pages]
    assert statuses == [["PartialData", "PartialData"], ["Complete", "PartialData"], ["Complete", "Complete"]]


@pytest.mark.parametrize(
    ("queries", "code"),
    [
        ([{"Id": "Upper", "Expression": "1"}], "ValidationError"),
        ([{"Id": "e"}], "ValidationError"),
        ([{"Id": "e", "Expression": "missing + 1"}], "ValidationError"),
        ([{"Id": "e", "Expression": "1 + 1"}], "ValidationError"),
        ([{"Id": "e", "Expression": "calls +"}], "ValidationError"),
        ([{"Id": "e", "Expression": "e + calls"}], "ValidationError"),
        ([{"Id": "e", "Expression": "calls", "ReturnData": False}], "ValidationError"),
        ([{"Id": "e", "Expression": "SUM(METRICS())"}], "NotSupportedByLocalAws"),
        ([{"Id": "e", "Expression": "calls > 5"}], "NotSupportedByLocalAws"),
        ([{"Id": "e", "Expression": "SELECT AVG(x) FROM y"}], "NotSupportedByLocalAws"),
        ([{"Id": "e", "Expression": "calls", "Label": "${MAX}"}], "NotSupportedByLocalAws"),
    ],
    ids=str,
)
def test_queries_that_are_refused(cloudwatch, errors_and_calls, refused, queries, code):
    with refused(code):
        ask(cloudwatch, [stat(errors_and_calls, "calls", ReturnData=False), *queries])


def test_metrics_of_different_periods_are_not_mixed(cloudwatch, errors_and_calls, refused):
    queries = [stat(errors_and_calls, "calls"), stat(errors_and_calls, "errors", period=300), {"Id": "e", "Expression": "calls + errors"}]
    with refused("NotSupportedByLocalAws"):
        ask(cloudwatch, queries)


SERIES = st.dictionaries(st.integers(0, 5).map(float), st.integers(-100, 100).map(float), min_size=1)
EXPRESSIONS = st.recursive(
    st.sampled_from(["a", "b", "2", "0.5", "a"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/"]), inner).map(" ".join),
        inner.map(lambda text: f"({text})"),
        inner.map(lambda text: f"-({text})"),
    ),
    max_leaves=8,
)


@given(expression=EXPRESSIONS, a=SERIES, b=SERIES)
def test_arithmetic_is_pythons(expression, a, b):
    series = {"a": a, "b": b}
    used = [name for name in series if name in expression]
    if not used:
        return
    times = set.intersection(*(set(series[name]) for name in used))
    expected = {}
    for moment in times:
        try:
            expected[moment] = float(eval(expression, {}, {name: series[name][moment] for name in used}))
        except ZeroDivisionError:
            continue
    found = evaluate(expression, "e", series.get, "GetMetricData")
    assert found == pytest.approx(expected)


@given(st.text(st.sampled_from(list("ab12.+-*/^() <[\"'SELECT")), max_size=25))
def test_any_text_is_an_expression_or_is_refused(text):
    try:
        assert isinstance(evaluate(text, "e", {"a": {0.0: 1.0}, "b": {}}.get, "GetMetricData"), dict)
    except AwsError as error:
        assert error.code in ("ValidationError", "NotSupportedByLocalAws")
