"""CBOR, JSON and query give the same results; dashboards go to moto; CBOR is compared with the examples of the RFC."""

from __future__ import annotations

import contextlib
import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.localaws.protocol import rpc_v2_cbor

PROTOCOLS = ["smithy-rpc-v2-cbor", "json", "query"]
MOMENT = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=30)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_protocol_gives_the_same_answers(speak, namespace, protocol):
    dimensions = [{"Name": "Endpoint", "Value": "<e & ü>"}]
    data = [
        {"MetricName": "m", "Timestamp": MOMENT, "Value": 1.5, "Dimensions": dimensions, "Unit": "Seconds"},
        {"MetricName": "m", "Timestamp": MOMENT, "Values": [2.5, 3.0], "Counts": [1.0, 2.0], "Dimensions": dimensions, "Unit": "Seconds"},
    ]
    assert speak(protocol, "PutMetricData", {"Namespace": namespace, "MetricData": data})["ResponseMetadata"]["HTTPStatusCode"] == 200
    (metric,) = speak(protocol, "ListMetrics", {"Namespace": namespace})["Metrics"]
    assert metric == {"Namespace": namespace, "MetricName": "m", "Dimensions": dimensions}
    span = {"StartTime": MOMENT, "EndTime": MOMENT + timedelta(minutes=1)}
    asked = {"Namespace": namespace, "MetricName": "m", "Dimensions": dimensions, "Period": 60, **span}
    answer = speak(protocol, "GetMetricStatistics", asked | {"Statistics": ["Sum", "SampleCount"]})
    assert answer["Datapoints"] == [{"Timestamp": MOMENT, "Sum": 10.0, "SampleCount": 4.0, "Unit": "Seconds"}]
    answer = speak(protocol, "GetMetricStatistics", asked | {"ExtendedStatistics": ["p50"]})
    assert answer["Datapoints"][0]["ExtendedStatistics"] == {"p50": 2.75}
    query = {"Id": "q", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Maximum"}}
    (result,) = speak(protocol, "GetMetricData", {"MetricDataQueries": [query], **span})["MetricDataResults"]
    assert (result["Timestamps"], result["Values"], result["StatusCode"]) == ([MOMENT], [3.0], "Complete")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_protocol_reports_the_same_error(speak, namespace, protocol):
    answer = speak(
        protocol, "PutMetricData", {"Namespace": namespace, "MetricData": [{"MetricName": "m", "Value": 1.0, "StorageResolution": 7}]}
    )
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert "StorageResolution" in answer["Error"]["Message"]
    assert answer["Error"]["Code"] == "InvalidParameterValue"


@pytest.mark.parametrize("protocol", PROTOCOLS[:2])
def test_compressed_data(speak, cloudwatch, namespace, protocol):
    data = [{"MetricName": f"m{n}", "Value": 1.0} for n in range(1000)]
    assert (
        speak(protocol, "PutMetricData", {"Namespace": namespace, "MetricData": data}, compress=True)["ResponseMetadata"]["HTTPStatusCode"]
        == 200
    )
    pages = cloudwatch.get_paginator("list_metrics").paginate(Namespace=namespace)
    assert sum(len(page["Metrics"]) for page in pages) == 1000


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_alarms_in_every_protocol(speak, namespace, protocol):
    rule = {"ComparisonOperator": "GreaterThanThreshold", "Threshold": 1.5, "EvaluationPeriods": 1}
    alarm = {"AlarmName": f"{namespace}-{protocol}", "Namespace": namespace, "MetricName": "m", "Statistic": "Sum", "Period": 60, **rule}
    assert speak(protocol, "PutMetricAlarm", alarm)["ResponseMetadata"]["HTTPStatusCode"] == 200
    [found] = speak(protocol, "DescribeAlarms", {"AlarmNames": [alarm["AlarmName"]]})["MetricAlarms"]
    assert alarm.items() <= found.items() and found["StateValue"] == "INSUFFICIENT_DATA"


def test_dashboards_fall_through(cloudwatch, refused):
    cloudwatch.put_dashboard(DashboardName="d", DashboardBody='{"widgets": []}')
    assert [found["DashboardName"] for found in cloudwatch.list_dashboards()["DashboardEntries"]] == ["d"]
    with refused("NotSupportedByLocalAws"):
        cloudwatch.put_anomaly_detector(Namespace="n", MetricName="m", Stat="Sum")


# RFC 8949, appendix A.
EXAMPLES = {
    "00": 0,
    "1818": 24,
    "1903e8": 1000,
    "1b000000e8d4a51000": 1000000000000,
    "20": -1,
    "3903e7": -1000,
    "f93c00": 1.0,
    "f97bff": 65504.0,
    "fa47c35000": 100000.0,
    "fb3ff199999999999a": 1.1,
    "f97c00": math.inf,
    "f4": False,
    "f6": None,
    "c1fb41d452d9ec200000": 1363896240.5,
    "4401020304": b"\x01\x02\x03\x04",
    "62c3bc": "ü",
    "8301820203820405": [1, [2, 3], [4, 5]],
    "a26161016162820203": {"a": 1, "b": [2, 3]},
    "5f42010243030405ff": b"\x01\x02\x03\x04\x05",
    "7f657374726561646d696e67ff": "streaming",
    "9f018202039f0405ffff": [1, [2, 3], [4, 5]],
    "bf61610161629f0203ffff": {"a": 1, "b": [2, 3]},
}


@pytest.mark.parametrize("encoded", EXAMPLES)
def test_the_examples_of_the_rfc(encoded):
    assert rpc_v2_cbor.decode(bytes.fromhex(encoded)) == EXAMPLES[encoded]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**64), 2**64 - 1) | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(VALUES)
def test_what_is_encoded_is_decoded(value):
    assert rpc_v2_cbor.decode(rpc_v2_cbor.encode(value)) == value


@given(st.binary(max_size=30))
def test_any_bytes_are_decoded_or_refused(data):
    with contextlib.suppress(ValueError):
        rpc_v2_cbor.decode(data)
