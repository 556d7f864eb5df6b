"""CloudWatch alarms: their evaluation as the clock advances, and their messages."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from course.localaws.server import launch
from tests.leaked_processes import kill
from tests.localaws.cloudwatch.alarms.alarm_fixtures import UNKNOWN, AlarmFixtures


def stat(name: str, namespace: str, metric: str) -> dict:
    return {
        "Id": name,
        "ReturnData": False,
        "MetricStat": {"Metric": {"Namespace": namespace, "MetricName": metric}, "Period": 60, "Stat": "Sum"},
    }


def test_a_jump_evaluates_every_minute_that_it_passes(aws, namespace):
    begin = aws.to_the_minute()
    name = aws.alarm(namespace)
    aws.put(namespace, [5, 20, 20, 5, 30], begin)
    assert aws.state(name) == UNKNOWN and aws.described(name)["StateReason"] == "Unchecked: Initial alarm creation"
    aws.handle.advance(600)
    changes = aws.history(name)
    assert [item["HistorySummary"].removeprefix("Alarm updated from ") for item in changes] == [
        "INSUFFICIENT_DATA to OK",
        "OK to ALARM",
        "ALARM to OK",
        "OK to ALARM",
        "ALARM to INSUFFICIENT_DATA",
    ]
    assert [round(item["Timestamp"].timestamp() - begin) for item in changes] == [60, 120, 240, 300, 480]
    assert aws.state(name) == UNKNOWN
    assert aws.described(name)["StateReason"] == "Insufficient Data: 1 datapoint was unknown."


def test_reasons_and_their_data(aws, namespace):
    begin = aws.to_the_minute()
    plain, m_of_n = aws.alarm(namespace), aws.alarm(namespace, EvaluationPeriods=3, DatapointsToAlarm=2)
    long = aws.alarm(namespace, EvaluationPeriods=6, ComparisonOperator="LessThanThreshold", Threshold=100.0)
    aws.put(namespace, [12.5, 4, 20, 30, 40, 50], begin)
    aws.handle.advance(360)
    alarm = aws.described(plain)
    assert alarm["StateReason"].startswith("Threshold Crossed: 1 datapoint [20.0 (") and alarm["StateReason"].endswith(
        ")] was greater than the threshold (10.0)."
    )
    data = json.loads(alarm["StateReasonData"])
    assert (data["statistic"], data["period"], data["recentDatapoints"], data["threshold"]) == ("Average", 60, [20.0], 10.0)
    assert data["evaluatedDatapoints"] == [{"timestamp": data["startDate"], "sampleCount": 1.0, "value": 20.0}]
    reasons = [json.loads(item["HistoryData"])["newState"]["stateReason"] for item in aws.history(m_of_n)]
    assert reasons[-1].startswith("Threshold Crossed: 2 out of the last 3 datapoints [20.0 (")
    assert reasons[-1].endswith("were greater than the threshold (10.0) (minimum 2 datapoints for OK -> ALARM transition).")
    said = aws.described(long)["StateReason"]
    assert said.startswith("Threshold Crossed: 6 datapoints were less than the threshold (100.0). ")
    assert "The most recent datapoints which crossed the threshold: [50.0 (" in said


@pytest.mark.parametrize(
    ("operator", "at_threshold", "below", "above"),
    [
        ("GreaterThanThreshold", "OK", "OK", "ALARM"),
        ("GreaterThanOrEqualToThreshold", "ALARM", "OK", "ALARM"),
        ("LessThanThreshold", "OK", "ALARM", "OK"),
        ("LessThanOrEqualToThreshold", "ALARM", "ALARM", "OK"),
    ],
)
def test_comparison_operators(aws, namespace, operator, at_threshold, below, above):
    for value, expected in ((10, at_threshold), (9.5, below), (10.5, above)):
        begin = aws.to_the_minute()
        name = aws.alarm(namespace, ComparisonOperator=operator)
        aws.put(namespace, [value], begin)
        aws.handle.advance(60)
        assert aws.state(name) == expected, value


def test_missing_data_as_the_alarm_wants(aws, namespace):
    aws.to_the_minute()
    names = {
        treatment: aws.alarm(namespace, TreatMissingData=treatment) for treatment in ("breaching", "notBreaching", "missing", "ignore")
    }
    aws.handle.advance(60)
    assert {treatment: aws.state(name) for treatment, name in names.items()} == {
        "breaching": "ALARM",
        "notBreaching": "OK",
        "missing": UNKNOWN,
        "ignore": UNKNOWN,
    }
    reason = "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [Breaching]."
    assert aws.described(names["breaching"])["StateReason"] == reason


def test_percentiles_units_and_dimensions(aws, namespace):
    begin = aws.to_the_minute()
    dimensions = [{"Name": "EndpointName", "Value": "e"}]
    p90 = aws.alarm(namespace, ExtendedStatistic="p90", Dimensions=dimensions)
    careful = aws.alarm(namespace, ExtendedStatistic="p90", Dimensions=dimensions, EvaluateLowSampleCountPercentile="ignore")
    other_unit = aws.alarm(namespace, Unit="Bytes", Dimensions=dimensions)
    data = {"MetricName": "m", "Values": [1.0, 100.0], "Counts": [1.0, 9.0], "Timestamp": begin, "Unit": "Count", "Dimensions": dimensions}
    aws.cloudwatch.put_metric_data(Namespace=namespace, MetricData=[data])
    aws.handle.advance(60)
    assert (aws.state(p90), aws.state(careful), aws.state(other_unit)) == ("ALARM", UNKNOWN, UNKNOWN)
    found = aws.cloudwatch.describe_alarms_for_metric(Namespace=namespace, MetricName="m", Dimensions=dimensions)["MetricAlarms"]
    assert {alarm["AlarmName"] for alarm in found} == {p90, careful, other_unit}


def test_metric_math(aws, namespace):
    begin = aws.to_the_minute()
    rate = {"Id": "rate", "Expression": "100 * errors / calls", "Label": "errors in a hundred", "ReturnData": True}
    name = aws.alarm(namespace, Metrics=[rate, stat("errors", namespace, "e"), stat("calls", namespace, "c")], Threshold=20.0)
    aws.put(namespace, [1, 3], begin, metric="e")
    aws.put(namespace, [10, 10], begin, metric="c")
    aws.handle.advance(120)
    assert [item["HistorySummary"].rpartition(" ")[2] for item in aws.history(name)] == ["OK", "ALARM"]
    assert "[30.0 (" in aws.described(name)["StateReason"]


def test_short_periods_are_evaluated_every_ten_seconds(aws, namespace):
    begin = aws.to_the_minute()
    name = aws.alarm(namespace, Period=10, EvaluationPeriods=2)
    aws.put(namespace, [20, 20, 20], begin + 10, seconds=10, StorageResolution=1)
    aws.handle.advance(40)
    [*_, alarm] = aws.history(name)
    assert alarm["HistorySummary"].endswith("to ALARM") and round(alarm["Timestamp"].timestamp() - begin) == 30


def test_topics_get_changes_unless_actions_are_disabled(aws, namespace):
    topic, queue = aws.topic()
    begin = aws.to_the_minute()
    actions = {"AlarmActions": [topic], "OKActions": [topic], "AlarmDescription": "too much"}
    name = aws.alarm(namespace, **actions)
    aws.put(namespace, [20], begin)
    aws.handle.advance(60)
    [notification] = aws.received(queue)
    assert notification["Subject"] == f'ALARM: "{name}" in US East (N. Virginia)'
    message = json.loads(notification["Message"])
    assert (message["AlarmName"], message["OldStateValue"], message["NewStateValue"]) == (name, UNKNOWN, "ALARM")
    assert message["NewStateReason"] == aws.described(name)["StateReason"]
    assert message["Trigger"] == {
        "MetricName": "m",
        "Namespace": namespace,
        "StatisticType": "Statistic",
        "Statistic": "AVERAGE",
        "Unit": None,
        "Dimensions": [],
        "Period": 60,
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 10.0,
        "TreatMissingData": "missing",
        "EvaluateLowSampleCountPercentile": "",
    }
    [action] = aws.history(name, "Action")
    assert action["HistorySummary"] == f"Successfully executed action {topic}"
    aws.cloudwatch.disable_alarm_actions(AlarmNames=[name])
    aws.cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="by hand")
    assert aws.described(name)["StateReason"] == "by hand" and not aws.described(name)["ActionsEnabled"]
    aws.cloudwatch.enable_alarm_actions(AlarmNames=[name])
    aws.cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="by hand")
    aws.cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="by hand")
    assert [json.loads(item["Message"])["NewStateValue"] for item in aws.received(queue)] == ["ALARM", "OK"]


def test_an_action_that_fails_is_in_the_history(aws, namespace):
    name = aws.alarm(namespace, AlarmActions=["arn:aws:sns:us-east-1:123456789012:gone"])
    aws.cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="by hand")
    [action] = aws.history(name, "Action")
    assert action["HistorySummary"].startswith("Failed to execute action arn:aws:sns:us-east-1:123456789012:gone.")


def test_changes_are_sent_to_eventbridge(aws, namespace):
    url, arn = aws.queue()
    rule = aws.name("rule")
    pattern = {"source": ["aws.cloudwatch"], "detail-type": ["CloudWatch Alarm State Change"], "detail": {"state": {"value": ["ALARM"]}}}
    aws.events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    aws.events.put_targets(Rule=rule, Targets=[{"Id": "q", "Arn": arn}])
    begin = aws.to_the_minute()
    name = aws.alarm(namespace)
    aws.put(namespace, [20], begin)
    aws.handle.advance(60)
    [event] = [event for event in aws.received(url) if event["detail"]["alarmName"] == name]
    aws.events.remove_targets(Rule=rule, Ids=["q"])
    assert event["resources"] == [aws.described(name)["AlarmArn"]]
    detail = event["detail"]
    assert (detail["state"]["value"], detail["previousState"]["value"]) == ("ALARM", UNKNOWN)
    [metric] = detail["configuration"]["metrics"]
    assert metric["metricStat"] == {"metric": {"namespace": namespace, "name": "m", "dimensions": {}}, "period": 60, "stat": "Average"}


def test_composite_alarms(aws, namespace):
    a, b, both, other = aws.alarm(namespace), aws.alarm(namespace), aws.name("both"), aws.name("other")
    aws.cloudwatch.put_composite_alarm(AlarmName=both, AlarmRule=f'ALARM({a}) AND NOT (OK("{b}") OR FALSE)')
    aws.cloudwatch.put_composite_alarm(AlarmName=other, AlarmRule=f"ALARM({both})")

    def states() -> list[str]:
        alarms = aws.cloudwatch.describe_alarms(AlarmNames=[both, other], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
        return [alarm["StateValue"] for alarm in alarms]

    assert states() == ["OK", "OK"]
    aws.cloudwatch.set_alarm_state(AlarmName=a, StateValue="ALARM", StateReason="by hand")
    assert states() == ["ALARM", "ALARM"]
    aws.cloudwatch.set_alarm_state(AlarmName=b, StateValue="OK", StateReason="by hand")
    assert states() == ["OK", "OK"]
    [alarm] = aws.cloudwatch.describe_alarms(AlarmNames=[both], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert f":alarm:{b} transitioned to OK at " in alarm["StateReason"]
    with pytest.raises(ClientError, match="depends on it"):
        aws.cloudwatch.delete_alarms(AlarmNames=[a])
    with pytest.raises(ClientError, match="depend on itself"):
        aws.cloudwatch.put_composite_alarm(AlarmName=both, AlarmRule=f"ALARM({other})")
    aws.cloudwatch.delete_alarms(AlarmNames=[a, b, both, other])


def test_describe_page_tag_and_delete(aws, namespace):
    prefix = aws.name("prefix")
    names = [f"{prefix}-{number}" for number in range(5)]
    for name in names:
        aws.cloudwatch.put_metric_alarm(
            **{"AlarmName": name, "Namespace": namespace, "MetricName": "m", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1},
            **{"Threshold": 1.0, "ComparisonOperator": "GreaterThanThreshold", "Tags": [{"Key": "team", "Value": "a"}]},
        )
    pages = aws.cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix=prefix, PaginationConfig={"PageSize": 2})
    assert [[alarm["AlarmName"] for alarm in page["MetricAlarms"]] for page in pages] == [names[:2], names[2:4], names[4:]]
    arn = aws.described(names[0])["AlarmArn"]
    aws.cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": "stage", "Value": "test"}])
    aws.cloudwatch.untag_resource(ResourceARN=arn, TagKeys=["team"])
    assert aws.cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "stage", "Value": "test"}]
    with pytest.raises(ClientError, match="does not exist"):
        aws.cloudwatch.delete_alarms(AlarmNames=[names[0], "not-there"])
    aws.cloudwatch.delete_alarms(AlarmNames=names)
    assert not aws.cloudwatch.describe_alarms(AlarmNamePrefix=prefix)["MetricAlarms"]
    kinds = [item["HistorySummary"] for item in aws.history(names[0], "ConfigurationUpdate")]
    assert kinds == [f'Alarm "{names[0]}" created', f'Alarm "{names[0]}" deleted']


def test_what_is_refused(aws, namespace):
    for members, code in (
        ({"DatapointsToAlarm": 2}, "ValidationError"),
        ({"Period": 45}, "ValidationError"),
        ({"EvaluationPeriods": 1441}, "ValidationError"),
        ({"ExtendedStatistic": "p90", "Statistic": "Sum"}, "InvalidParameterCombination"),
        ({"AlarmActions": ["arn:aws:lambda:us-east-1:123456789012:function:f"]}, "NotSupportedByLocalAws"),
        ({"ThresholdMetricId": "band"}, "NotSupportedByLocalAws"),
        ({"TreatMissingData": "perhaps"}, "ValidationError"),
    ):
        with pytest.raises(ClientError) as caught:
            aws.alarm(namespace, **members)
        assert caught.value.response["Error"]["Code"] == code, members


@pytest.mark.parametrize(
    ("expression", "code", "words"),
    [
        ("FILL(m, 0)", "NotSupportedByLocalAws", "PutMetricAlarm with the expression 'FILL"),
        ("ANOMALY_DETECTION_BAND(m)", "NotSupportedByLocalAws", "PutMetricAlarm with the function ANOMALY_DETECTION_BAND"),
        ("SELECT AVG(m) FROM Space", "NotSupportedByLocalAws", "PutMetricAlarm with a Metrics Insights query"),
        ("m + e", "ValidationError", "circle"),
        ("m + other", "ValidationError", "other"),
    ],
)
def test_an_expression_that_could_never_be_evaluated_is_refused_at_once(aws, namespace, expression, code, words):
    stat = {"Metric": {"Namespace": namespace, "MetricName": "m"}, "Period": 60, "Stat": "Average"}
    queries = [{"Id": "m", "MetricStat": stat, "ReturnData": False}, {"Id": "e", "Expression": expression}]
    with pytest.raises(ClientError, match=words) as caught:
        aws.alarm(namespace, Metrics=queries)
    assert caught.value.response["Error"]["Code"] == code


def test_what_composite_alarms_cannot_do_is_refused_by_name(aws):
    for members, words in (
        ({"ActionsSuppressor": "other"}, "ActionsSuppressor"),
        ({"AlarmRule": "AT_LEAST(1, ALARM, (a, b))"}, "AT_LEAST"),
    ):
        with pytest.raises(ClientError, match=words) as caught:
            aws.cloudwatch.put_composite_alarm(**({"AlarmName": "both", "AlarmRule": "TRUE"} | members))
        assert caught.value.response["Error"]["Code"] == "NotSupportedByLocalAws"


@pytest.mark.nightly  # server/test_server.py kills by day
def test_alarms_go_on_after_a_kill_and_a_year_passes_quickly(tmp_path):
    first = AlarmFixtures(launch.start(tmp_path / "state"))
    namespace = "Test/Kept"
    name, breaching = first.alarm(namespace, TreatMissingData="notBreaching"), first.alarm(namespace, TreatMissingData="breaching")
    kill(first.handle.pid)
    again = AlarmFixtures(launch.start(tmp_path / "state"))
    try:
        begin = again.to_the_minute()
        again.put(namespace, [20], begin)
        again.handle.advance(365 * 86_400)
        assert [item["HistorySummary"].rpartition(" ")[2] for item in again.history(name)][-2:] == ["ALARM", "OK"]
        assert (again.state(name), again.state(breaching)) == ("OK", "ALARM")
    finally:
        again.handle.stop()
