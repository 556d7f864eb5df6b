"""Rotation rules: which are refused, and where their windows lie."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.localaws.core.errors import AwsError
from course.localaws.secretsmanager import rules

HOUR, DAY = 3600, 86_400
NOW = 1_790_000_000.0
MOMENTS = st.floats(1.6e9, 2e9)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"AutomaticallyAfterDays": 1, "ScheduleExpression": "rate(1 day)"},
        {"ScheduleExpression": "rate(3 hours)"},
        {"ScheduleExpression": "rate(1000 days)"},
        {"ScheduleExpression": "rate(1 week)"},
        {"ScheduleExpression": "at(2030-01-01T00:00:00)"},
        {"ScheduleExpression": "cron(5 4 * * ? *)"},
        {"ScheduleExpression": "cron(0 4 * * ? 2030)"},
        {"ScheduleExpression": "cron(0 4 * * * *)"},
        {"ScheduleExpression": "cron(0 0/2 * * ? *)"},
        {"ScheduleExpression": "cron(0 23 * * ? *)", "Duration": "2h"},
        {"ScheduleExpression": "rate(4 hours)", "Duration": "5h"},
        {"AutomaticallyAfterDays": 1, "Duration": "25h"},
    ],
)
def test_rules_that_secrets_manager_refuses(wrong):
    with pytest.raises(AwsError) as error:
        rules.check(wrong, NOW)
    assert error.value.code == "InvalidParameterException"


def test_documented_examples():
    midnight = NOW - NOW % DAY
    assert rules.window_after({"ScheduleExpression": "rate(10 days)"}, NOW, NOW) == (midnight + 10 * DAY, midnight + 11 * DAY)
    nine = {"ScheduleExpression": "cron(0 9 * * ? *)"}
    begin, end = rules.window_after(nine, midnight + 10 * HOUR, NOW)
    assert (begin, end) == (midnight + DAY + 9 * HOUR, midnight + 2 * DAY)
    hourly = {"ScheduleExpression": "cron(0 8/8 * * ? *)"}
    assert rules.window_after(hourly, midnight + 8 * HOUR, NOW) == (midnight + 16 * HOUR, midnight + 17 * HOUR)


ACCEPTED = st.one_of(
    st.builds(lambda days: {"AutomaticallyAfterDays": days}, st.integers(1, 1000)),
    st.builds(lambda days: {"ScheduleExpression": f"rate({days} days)"}, st.integers(1, 999)),
    st.builds(lambda hours: {"ScheduleExpression": f"rate({hours} hours)"}, st.integers(4, 100)),
    st.builds(lambda hour, day: {"ScheduleExpression": f"cron(0 {hour} {day} * ? *)"}, st.integers(0, 23), st.integers(1, 28)),
)


@given(ACCEPTED, MOMENTS, MOMENTS)
def test_windows_begin_on_the_hour_later_and_end_on_their_day(accepted, first, second):
    begun, moment = sorted((first, second))
    rules.check(accepted, begun)
    begin, end = rules.window_after(accepted, moment, begun)
    assert begin % HOUR == 0 and moment < begin < end
    assert end <= begin - begin % DAY + DAY
    following, _ = rules.window_after(accepted, begin, begun)
    assert following >= end
    assert rules.days_between(accepted, moment, begun) >= 1


@given(st.text(max_size=40))
def test_any_text_is_a_schedule_or_is_refused(text):
    try:
        rules.check({"ScheduleExpression": text}, NOW)
    except AwsError:
        return
    assert rules.window_after({"ScheduleExpression": text}, NOW, NOW)
