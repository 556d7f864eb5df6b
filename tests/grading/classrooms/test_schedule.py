"""Tests `class.yaml`: valid content, and the errors for invalid content."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from course.grading.classroom.schedule import ClassScheduleError, course_id, draft, exchange, read
from tests.error_messages import error_message

GOOD = """course: spring
timezone: Europe/Zurich
exchange: /srv/exchange
lessons:
  m00_start: {release: 2026-03-28, due: 2026-03-29}
  m01_next: {due: 2026-12-01 18:00}
  m02_open:
"""


def test_dates_are_those_of_the_zone(tmp_path):
    (tmp_path / "class.yaml").write_text(GOOD)
    plan = read(tmp_path, ["m00_start", "m01_next", "m02_open"])
    assert plan.lesson("m00_start").release == datetime(2026, 3, 27, 23, 0, tzinfo=UTC)
    assert plan.lesson("m00_start").due == datetime(2026, 3, 29, 21, 59, 59, tzinfo=UTC)  # daylight saving time began in between
    assert plan.lesson("m01_next").due == datetime(2026, 12, 1, 17, 0, tzinfo=UTC)
    assert plan.lesson("m02_open").due is None and plan.lesson("never").release is None
    assert plan.local(plan.lesson("m01_next").due) == "2026-12-01 18:00"
    assert (course_id(tmp_path, "other"), exchange(tmp_path)) == ("spring", "/srv/exchange")


def test_a_course_without_a_class_keeps_its_settings(tmp_path):
    assert (course_id(tmp_path, "other"), exchange(tmp_path)) == ("other", "")
    with pytest.raises(ClassScheduleError, match="course class init"):
        read(tmp_path)


def test_a_draft_can_be_read(tmp_path):
    (tmp_path / "class.yaml").write_text(draft("spring", "UTC", None, ["m00", "m01"], date(2026, 1, 30), 7))
    plan = read(tmp_path, ["m00", "m01"])
    assert plan.exchange is None
    assert plan.lesson("m01").release == datetime(2026, 2, 6, tzinfo=UTC)
    assert plan.lesson("m00").due == datetime(2026, 2, 6, 23, 59, 59, tzinfo=UTC)


WRONG_SCHEDULES = [
    ("course: spring", "course: ../up", "`course:` names"),
    ("Europe/Zurich", "Middle/Earth", "Middle/Earth"),
    ("/srv/exchange", "srv", "a folder from the root"),
    ("2026-03-28", "2026-02-30", "release: a date is written"),
    ("2026-03-28", "soon", "m00_start, release: a date is written"),
    ("2026-03-28", "2026-04-28", "due before it is released"),
    ("m02_open:", "m99_none:", "there is no lesson 'm99_none'"),
    ("m02_open:", "m02_open: {dew: 2026-01-01}", "not 'dew'"),
    ("lessons:", "lesons:", "not 'lesons'"),
    ("lessons:", "lessons: [", "line"),
    ("  m02_open:", "\tm02_open:", "line 7"),
]


def test_a_wrong_class_yaml_is_refused_with_the_place(tmp_path):
    for old, new, words in WRONG_SCHEDULES:
        (tmp_path / "class.yaml").write_text(GOOD.replace(old, new, 1))
        message = error_message(ClassScheduleError, read, tmp_path, ["m00_start", "m01_next", "m02_open"])
        assert words in message and "class.yaml" in message, (new, message)
