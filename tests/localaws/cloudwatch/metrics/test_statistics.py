"""Statistics compared with numpy: periods, percentiles, dimensions, units and refusals."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from course.localaws.cloudwatch.metrics.store import MetricStore
from course.localaws.core.clock import Clock

MANY = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
NAMES = (f"metric-{n}" for n in itertools.count())
HOUR_AGO = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=1)
VALUES = st.lists(st.integers(0, 1000).map(float), min_size=1, max_size=30)


def put(cloudwatch, namespace: str, name: str, values: list[float], moment: datetime = HOUR_AGO, **more) -> None:
    data = [{"MetricName": name, "Timestamp": moment, "Value": value, **more} for value in values]
    cloudwatch.put_metric_data(Namespace=namespace, MetricData=data)


def statistics(cloudwatch, namespace: str, name: str, *names: str, start=HOUR_AGO, end=None, period: int = 60, **more) -> list[dict]:
    """Returns data points by time. Extended statistics are merged with the others."""
    kind = "ExtendedStatistics" if names[0].startswith("p") else "Statistics"
    span = {"StartTime": start, "EndTime": end or HOUR_AGO + timedelta(hours=2), "Period": period}
    answer = cloudwatch.get_metric_statistics(Namespace=namespace, MetricName=name, **span, **{kind: list(names)}, **more)
    points = sorted(answer["Datapoints"], key=lambda point: point["Timestamp"])
    return [point | point.pop("ExtendedStatistics", {}) for point in points]


@MANY
@given(values=VALUES)
def test_the_statistics_of_a_minute(cloudwatch, namespace, values):
    name = next(NAMES)
    put(cloudwatch, namespace, name, values)
    (point,) = statistics(cloudwatch, namespace, name, "SampleCount", "Sum", "Average", "Minimum", "Maximum")
    assert (point["SampleCount"], point["Sum"], point["Minimum"], point["Maximum"]) == (len(values), sum(values), min(values), max(values))
    assert point["Average"] == pytest.approx(np.mean(values))
    percentiles = [0, 50, 90, 99, 99.9, 100]
    (point,) = statistics(cloudwatch, namespace, name, *(f"p{percent}" for percent in percentiles))
    assert [point[f"p{percent}"] for percent in percentiles] == pytest.approx(np.percentile(values, percentiles))


@MANY
@given(values=st.dictionaries(st.integers(0, 50).map(float), st.integers(1, 9), min_size=1, max_size=10))
def test_values_with_counts_are_as_many_single_values(cloudwatch, namespace, values):
    name = next(NAMES)
    datum = {"MetricName": name, "Timestamp": HOUR_AGO, "Values": list(values), "Counts": [float(count) for count in values.values()]}
    cloudwatch.put_metric_data(Namespace=namespace, MetricData=[datum])
    expanded = np.repeat(list(values), list(values.values()))
    (point,) = statistics(cloudwatch, namespace, name, "SampleCount", "Sum")
    assert (point["SampleCount"], point["Sum"]) == (len(expanded), pytest.approx(expanded.sum()))
    (point,) = statistics(cloudwatch, namespace, name, "p50", "p95")
    assert [point["p50"], point["p95"]] == pytest.approx(np.percentile(expanded, [50, 95]))


def test_statistic_sets_have_no_percentiles_unless_all_values_are_the_same(cloudwatch, namespace):
    def put_set(name: str, count: float, total: float, least: float, most: float) -> None:
        values = {"SampleCount": count, "Sum": total, "Minimum": least, "Maximum": most}
        cloudwatch.put_metric_data(Namespace=namespace, MetricData=[{"MetricName": name, "Timestamp": HOUR_AGO, "StatisticValues": values}])

    put_set("spread", 4, 20, 2, 8)
    put_set("same", 4, 20, 5, 5)
    put_set("negative", 1, -3, -3, -3)
    (point,) = statistics(cloudwatch, namespace, "spread", "Average", "SampleCount")
    assert (point["Average"], point["SampleCount"]) == (5, 4)
    assert statistics(cloudwatch, namespace, "spread", "p50") == []
    assert statistics(cloudwatch, namespace, "same", "p50")[0]["p50"] == 5
    assert statistics(cloudwatch, namespace, "negative", "p50") == []
    put(cloudwatch, namespace, "same", [5, 5])
    assert statistics(cloudwatch, namespace, "same", "SampleCount")[0]["SampleCount"] == 6


def test_periods_begin_at_the_rounded_start_time(cloudwatch, namespace):
    for minute in range(10):
        put(cloudwatch, namespace, "m", [1.0], HOUR_AGO + timedelta(minutes=minute, seconds=37))
    start = HOUR_AGO + timedelta(minutes=2, seconds=20)
    points = statistics(cloudwatch, namespace, "m", "Sum", start=start, end=HOUR_AGO + timedelta(minutes=9), period=180)
    begin = HOUR_AGO + timedelta(minutes=2)
    expected = [(begin, 3), (begin + timedelta(minutes=3), 3), (begin + timedelta(minutes=6), 1)]
    assert [(point["Timestamp"], point["Sum"]) for point in points] == expected


def test_time_stamps_are_rounded_to_the_minute_except_at_high_resolution(cloudwatch, namespace):
    moment = datetime.now(UTC).replace(microsecond=0, second=0) - timedelta(minutes=5)
    put(cloudwatch, namespace, "coarse", [1.0], moment + timedelta(seconds=37))
    put(cloudwatch, namespace, "fine", [1.0], moment + timedelta(seconds=37, milliseconds=400), StorageResolution=1)
    for name, second in (("coarse", 0), ("fine", 37)):
        (point,) = statistics(cloudwatch, namespace, name, "Sum", start=moment, end=moment + timedelta(minutes=1), period=1)
        assert point["Timestamp"] == moment + timedelta(seconds=second)
    # A datum is stored at the start of its minute, so it counts although its own time is after the end.
    (point,) = statistics(cloudwatch, namespace, "coarse", "Sum", start=moment, end=moment + timedelta(seconds=10))
    assert point["Sum"] == 1


def test_a_metric_is_its_exact_dimensions(cloudwatch, namespace):
    both = [{"Name": "Endpoint", "Value": "e"}, {"Name": "Variant", "Value": "v"}]
    put(cloudwatch, namespace, "m", [1.0], Dimensions=both)
    put(cloudwatch, namespace, "m", [10.0], Dimensions=both[:1])
    put(cloudwatch, namespace, "m", [100.0])
    for dimensions, expected in ((both, 1), (both[::-1], 1), (both[:1], 10), ([], 100)):
        assert statistics(cloudwatch, namespace, "m", "Sum", Dimensions=dimensions)[0]["Sum"] == expected
    assert statistics(cloudwatch, namespace, "m", "Sum", Dimensions=both[1:]) == []
    assert statistics(cloudwatch, make_other(namespace), "m", "Sum") == []


def make_other(namespace: str) -> str:
    return namespace + "/other"


def test_units_are_never_mixed_or_converted(cloudwatch, namespace):
    put(cloudwatch, namespace, "m", [1.0], Unit="Seconds")
    put(cloudwatch, namespace, "m", [1000.0], Unit="Milliseconds")
    assert {(point["Unit"], point["Sum"]) for point in statistics(cloudwatch, namespace, "m", "Sum")} == {
        ("Seconds", 1),
        ("Milliseconds", 1000),
    }
    assert [point["Sum"] for point in statistics(cloudwatch, namespace, "m", "Sum", Unit="Seconds")] == [1]
    assert statistics(cloudwatch, namespace, "m", "Sum", Unit="Bytes") == []


@pytest.mark.parametrize(
    ("datum", "code"),
    [
        ({"Value": float("nan")}, "InvalidParameterValue"),
        ({"Value": float("inf")}, "InvalidParameterValue"),
        ({"Value": 2.0**361}, "InvalidParameterValue"),
        ({}, "InvalidParameterCombination"),
        ({"Value": 1.0, "Values": [1.0]}, "InvalidParameterCombination"),
        ({"Values": [1.0, 2.0], "Counts": [1.0]}, "InvalidParameterValue"),
        ({"Values": [1.0], "Counts": [0.0]}, "InvalidParameterValue"),
        ({"Values": [float(n) for n in range(151)]}, "InvalidParameterValue"),
        ({"StatisticValues": {"SampleCount": 1, "Sum": 1, "Minimum": 2, "Maximum": 1}}, "InvalidParameterValue"),
        ({"Value": 1.0, "Unit": "Parsecs"}, "InvalidParameterValue"),
        ({"Value": 1.0, "StorageResolution": 30}, "InvalidParameterValue"),
        ({"Value": 1.0, "Timestamp": datetime.now(UTC) - timedelta(days=15)}, "InvalidParameterValue"),
        ({"Value": 1.0, "Timestamp": datetime.now(UTC) + timedelta(hours=3)}, "InvalidParameterValue"),
        ({"Value": 1.0, "Dimensions": [{"Name": "a", "Value": "1"}, {"Name": "a", "Value": "2"}]}, "InvalidParameterValue"),
    ],
    ids=str,
)
def test_data_that_cloudwatch_refuses(cloudwatch, namespace, refused, datum, code):
    with refused(code):
        cloudwatch.put_metric_data(Namespace=namespace, MetricData=[{"MetricName": "good", "Value": 1.0}, {"MetricName": "bad", **datum}])
    assert cloudwatch.list_metrics(Namespace=namespace)["Metrics"] == []  # nothing of the request is stored


def test_requests_that_cloudwatch_refuses(cloudwatch, namespace, refused):
    with refused("InvalidParameterValue"):
        put(cloudwatch, "AWS/SageMaker", "m", [1.0])
    with refused("MissingParameter"):
        cloudwatch.put_metric_data(Namespace=namespace, MetricData=[])
    with refused("InvalidParameterValue"):
        statistics(cloudwatch, namespace, "m", "Sum", period=90)
    with refused("InvalidParameterValue"):
        statistics(cloudwatch, namespace, "m", "Sum", end=HOUR_AGO)
    with refused("InvalidParameterCombination"):
        statistics(cloudwatch, namespace, "m", "Sum", period=1, end=HOUR_AGO + timedelta(minutes=30))
    with refused("InvalidParameterCombination"):
        statistics(cloudwatch, namespace, "m", "Sum", ExtendedStatistics=["p50"])
    with refused("InvalidParameterValue"):
        statistics(cloudwatch, namespace, "m", "p101")
    with refused("NotSupportedByLocalAws"):
        span = {"StartTime": HOUR_AGO, "EndTime": HOUR_AGO + timedelta(hours=1), "Period": 60}
        cloudwatch.get_metric_statistics(Namespace=namespace, MetricName="m", **span, ExtendedStatistics=["tm90"])


def test_metrics_are_listed_by_what_they_contain(cloudwatch, namespace):
    put(cloudwatch, namespace, "a", [1.0], Dimensions=[{"Name": "x", "Value": "1"}, {"Name": "y", "Value": "1"}])
    put(cloudwatch, namespace, "a", [1.0], Dimensions=[{"Name": "x", "Value": "2"}])
    put(cloudwatch, namespace, "b", [1.0], HOUR_AGO - timedelta(hours=4))

    def listed(**filters) -> list[tuple]:
        found = cloudwatch.list_metrics(Namespace=namespace, **filters)["Metrics"]
        return [(metric["MetricName"], *(dimension["Value"] for dimension in metric["Dimensions"])) for metric in found]

    assert listed() == [("a", "1", "1"), ("a", "2"), ("b",)]
    assert listed(MetricName="a", Dimensions=[{"Name": "x"}]) == [("a", "1", "1"), ("a", "2")]
    assert listed(Dimensions=[{"Name": "x", "Value": "2"}]) == [("a", "2")]
    assert listed(RecentlyActive="PT3H") == [("a", "1", "1"), ("a", "2")]


def test_metrics_are_listed_page_by_page(cloudwatch, namespace):
    data = [{"MetricName": f"m{n}", "Value": 1.0, "Dimensions": [{"Name": "odd", "Value": str(n % 2)}]} for n in range(1300)]
    for start in range(0, len(data), 1000):
        cloudwatch.put_metric_data(Namespace=namespace, MetricData=data[start : start + 1000])
    pages = list(cloudwatch.get_paginator("list_metrics").paginate(Namespace=namespace))
    assert [len(page["Metrics"]) for page in pages] == [500, 500, 300]
    odd = list(cloudwatch.get_paginator("list_metrics").paginate(Namespace=namespace, Dimensions=[{"Name": "odd", "Value": "1"}]))
    assert [metric["MetricName"] for page in odd for metric in page["Metrics"]] == [f"m{n}" for n in range(1, 1300, 2)]


def test_the_control_api_keeps_what_cloudwatch_can_store(tmp_path):
    store = MetricStore(tmp_path / "metrics.db", Clock())
    for value in (1.0, float("nan"), float("inf")):
        store.put("us-east-1", "Jobs", "loss", value, {"Job": "one"}, timestamp=60.0)
    metric = {"Namespace": "Jobs", "MetricName": "loss", "Dimensions": [{"Name": "Job", "Value": "one"}]}
    assert [row["sum"] for row in store.data("us-east-1", metric, 0, 120)] == [1.0]
    store.reset()
    assert list(store.data("us-east-1", metric, 0, 120)) == []
    store.shutdown()
