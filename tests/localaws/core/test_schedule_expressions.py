"""AWS's schedule expressions."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from course.localaws.core.schedule_expressions import ScheduleExpression, ScheduleExpressionError

CASES = [
    ("at(2026-12-24T18:00:00)", "UTC", "2026-11-25T20:00", "2026-12-24T18:00"),
    ("at(2026-12-24T18:00:00)", "Europe/Berlin", "2026-11-25T20:00", "2026-12-24T17:00"),
    ("at(2026-12-24T18:00:00)", "UTC", "2026-12-24T18:00", None),
    ("rate(5 minutes)", "UTC", "2026-11-25T20:07", "2026-11-25T20:10"),
    ("rate(1 hour)", "UTC", "2026-11-25T20:00", "2026-11-25T21:00"),
    ("cron(0/15 * * * ? *)", "UTC", "2026-11-25T20:07", "2026-11-25T20:15"),
    ("cron(30 8 ? * MON-FRI *)", "UTC", "2026-11-27T09:00", "2026-11-30T08:30"),
    ("cron(30 8 ? * MON-FRI *)", "America/New_York", "2026-11-27T09:00", "2026-11-27T13:30"),
    ("cron(0 0 1 1 ? 2028)", "UTC", "2026-11-25T20:00", "2028-01-01T00:00"),
    ("cron(0 12 L * ? *)", "UTC", "2027-02-01T00:00", "2027-02-28T12:00"),
    ("cron(0 12 ? * 6#3 *)", "UTC", "2026-11-25T20:00", "2026-12-18T12:00"),
    ("cron(0 12 ? * FRIL *)", "UTC", "2026-11-28T00:00", "2026-12-25T12:00"),
    ("cron(0 9 15W * ? *)", "UTC", "2026-11-01T00:00", "2026-11-16T09:00"),
    ("cron(0 0 1 1 ? 2020)", "UTC", "2026-11-25T20:00", None),
    # The clocks in New York go from 2:00 to 3:00 on 14 March 2027, and from 2:00 back to 1:00 on 7 November.
    ("cron(30 2 * * ? *)", "America/New_York", "2027-03-13T12:00", "2027-03-15T06:30"),
    ("cron(0/30 * * * ? *)", "America/New_York", "2027-03-14T06:30", "2027-03-14T07:00"),
    ("cron(30 1 * * ? *)", "America/New_York", "2027-11-07T05:30", "2027-11-08T06:30"),
]


def moment(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(("text", "zone", "now", "expected"), CASES)
def test_the_next_time(text, zone, now, expected):
    found = ScheduleExpression(text, zone, moment("2026-11-25T00:00")).after(moment(now))
    assert found == (expected and moment(expected))


@pytest.mark.parametrize(
    "text",
    [
        "rate(0 minutes)",
        "rate(5 weeks)",
        "cron(*/60 * * * ? *)",
        "cron(0 0 * * * *)",
        "cron(0 0 ? * ?)",
        "cron(61 0 * * ? *)",
        "at(noon)",
        "daily",
    ],
)
def test_a_malformed_schedule_expression_is_refused(text):
    with pytest.raises(ScheduleExpressionError):
        ScheduleExpression(text)


def test_an_unknown_time_zone_is_refused():
    with pytest.raises(ScheduleExpressionError, match="no time zone"):
        ScheduleExpression("rate(1 hour)", "Mars/Phobos")
