"""The alert of a schedule: counted violations, its history, and its two numbers."""

from __future__ import annotations

import pytest

from tests.localaws.refusals import refused
from tests.localaws.sagemaker.monitoring.monitoring_fixtures import Monitored, quiet_hour


def alert(monitored: Monitored, schedule: str) -> dict:
    [found] = monitored.aws.sagemaker.list_monitoring_alerts(MonitoringScheduleName=schedule)["MonitoringAlertSummaries"]
    return found


def history(monitored: Monitored, schedule: str, **filters: object) -> list[str]:
    listed = monitored.aws.sagemaker.list_monitoring_alert_history(MonitoringScheduleName=schedule, **filters)["MonitoringAlertHistory"]
    for each in listed:
        assert each.keys() == {"MonitoringScheduleName", "MonitoringAlertName", "CreationTime", "AlertStatus"}
        assert (each["MonitoringScheduleName"], each["MonitoringAlertName"]) == (schedule, schedule)
    return [each["AlertStatus"] for each in listed]


@pytest.mark.nightly  # runs three executions
def test_two_violations_of_three_raise_an_alert(monitored: Monitored) -> None:
    """The example of AWS's guide: it stays while two of the last three executions found violations."""
    sagemaker = monitored.aws.sagemaker
    quiet_hour(monitored)
    name = monitored.schedule(monitored.aws.name("alerted"))
    new = alert(monitored, name)
    assert {member: new[member] for member in ("MonitoringAlertName", "AlertStatus", "DatapointsToAlert", "EvaluationPeriod")} == {
        "MonitoringAlertName": name,
        "AlertStatus": "OK",
        "DatapointsToAlert": 1,
        "EvaluationPeriod": 1,
    }
    assert new["Actions"] == {"ModelDashboardIndicator": {"Enabled": True}} and new["CreationTime"] == new["LastModifiedTime"]
    changed = sagemaker.update_monitoring_alert(
        MonitoringScheduleName=name, MonitoringAlertName=name, DatapointsToAlert=2, EvaluationPeriod=3
    )
    arn = sagemaker.describe_monitoring_schedule(MonitoringScheduleName=name)["MonitoringScheduleArn"]
    assert (changed["MonitoringScheduleArn"], changed["MonitoringAlertName"]) == (arn, name)
    seen = []
    for number, carrier in enumerate(("XX", "UA", "XX", "UA"), 1):
        monitored.send(carrier, 2)
        monitored.advance(hours=1)
        if number == 1:
            monitored.advance(minutes=20)
        monitored.ended(name, number)
        seen.append(alert(monitored, name)["AlertStatus"])
    assert seen == ["OK", "OK", "InAlert", "OK"]
    assert history(monitored, name) == ["OK", "InAlert"]  # the latest first
    assert history(monitored, name, SortOrder="Ascending", MonitoringAlertName=name) == ["InAlert", "OK"]
    assert history(monitored, name, StatusEquals="InAlert") == ["InAlert"]
    assert history(monitored, name, SortBy="Status", SortOrder="Ascending") == ["InAlert", "OK"]
    when = sagemaker.list_monitoring_alert_history(MonitoringScheduleName=name)["MonitoringAlertHistory"][0]["CreationTime"]
    assert history(monitored, name, CreationTimeBefore=when) == ["InAlert"] and history(monitored, name, CreationTimeAfter=when) == ["OK"]
    assert history(monitored, name, MonitoringAlertName="other") == []
    assert alert(monitored, name)["LastModifiedTime"] > alert(monitored, name)["CreationTime"]


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"MonitoringScheduleName": "nothing"}, "ResourceNotFound", "Could not find MonitoringSchedule"),
        ({"MonitoringAlertName": "nothing"}, "ResourceNotFound", "Could not find MonitoringAlert nothing"),
        ({"DatapointsToAlert": 4}, "ValidationException", "DatapointsToAlert must be at most EvaluationPeriod"),
        ({"DatapointsToAlert": 0}, "", ""),
        ({"EvaluationPeriod": 101}, "ValidationException", "100"),
    ],
)
def test_a_change_that_is_refused(monitored: Monitored, changes: dict, code: str, words: str) -> None:
    name = monitored.schedule(monitored.aws.name("unchanged"))
    given = {"MonitoringScheduleName": name, "MonitoringAlertName": name, "DatapointsToAlert": 1, "EvaluationPeriod": 3}
    if code:
        found, message = refused(monitored.aws.sagemaker.update_monitoring_alert, **given | changes)
        assert found == code and words in message
    else:
        with pytest.raises(Exception, match="valid min value: 1"):  # boto3 sends no such request
            monitored.aws.sagemaker.update_monitoring_alert(**given | changes)
    assert alert(monitored, name)["EvaluationPeriod"] == 1


def test_alerts_of_nothing(monitored: Monitored) -> None:
    sagemaker = monitored.aws.sagemaker
    for call in (sagemaker.list_monitoring_alerts, sagemaker.list_monitoring_alert_history):
        code, message = refused(call, MonitoringScheduleName="nothing")
        assert code == "ResourceNotFound" and message.startswith("Could not find MonitoringSchedule")


def test_the_trail_knows_who_changed_an_alert(monitored: Monitored) -> None:
    name = monitored.schedule(monitored.aws.name("trailed"))
    given = {"MonitoringScheduleName": name, "MonitoringAlertName": name, "DatapointsToAlert": 1, "EvaluationPeriod": 2}
    monitored.aws.sagemaker.update_monitoring_alert(**given)
    trail = monitored.aws.client("cloudtrail")
    wanted = [{"AttributeKey": "EventName", "AttributeValue": "UpdateMonitoringAlert"}]

    event = trail.lookup_events(LookupAttributes=wanted)["Events"][0]
    assert (event["EventSource"], event["ReadOnly"]) == ("sagemaker.amazonaws.com", "false")
