"""The parser of event times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.localaws.core.errors import AwsError
from course.localaws.sagemaker.feature_store import event_times
from course.localaws.sagemaker.feature_store.event_times import FIRST, LAST, NANOSECONDS

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@given(st.integers(FIRST, LAST), st.sampled_from(["Fractional", "String"]))
def test_what_is_written_is_read(moment: int, kind: str) -> None:
    assert event_times.nanoseconds("t", event_times.written(moment, kind), kind) == moment


@given(st.datetimes(timezones=st.just(UTC)), st.integers(0, 9))
def test_like_pythons_calendar(moment: datetime, digits: int) -> None:
    fraction = f"{moment.microsecond:06d}000"[:digits]
    text = moment.strftime("%m-%dT%H:%M:%S") + (f".{fraction}" if fraction else "") + "Z"
    found = event_times.nanoseconds("t", f"{moment.year:04d}-{text}", "String")
    whole = (moment.replace(microsecond=0) - EPOCH) // timedelta(seconds=1)
    assert found == whole * NANOSECONDS + int((fraction or "0").ljust(9, "0"))
    assert event_times.hour(found) == (f"{moment.year:04d}", f"{moment.month:02d}", f"{moment.day:02d}", f"{moment.hour:02d}")


@given(st.floats(-6e10, 2.5e11))
def test_seconds_as_python_writes_them(seconds: float) -> None:
    expected = Decimal(repr(seconds)).scaleb(9).to_integral_value("ROUND_FLOOR")
    assert event_times.nanoseconds("t", repr(seconds), "Fractional") == int(expected)


@given(st.text(max_size=40), st.sampled_from(["Fractional", "String"]))
def test_any_other_text_is_refused(text: str, kind: str) -> None:
    try:
        assert FIRST <= event_times.nanoseconds("t", text, kind) <= LAST
    except AwsError as error:
        assert error.code == "ValidationError" and "[t]" in error.message


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("2013-02-29T00:00:00Z", "String"),
        ("2013-07-04T24:00:00Z", "String"),
        ("2013-07-04T12:00:00", "String"),
        ("2013-07-04T12:00:00+00:00", "String"),
        ("2013-07-04T12:00:00.Z", "String"),
        ("2013-07-04 12:00:00Z", "String"),
        ("2013-07-04", "String"),
        ("1372939200", "String"),
        ("1372939200000", "Fractional"),  # milliseconds
        ("nan", "Fractional"),
        ("Infinity", "Fractional"),
        ("1e400", "Fractional"),
        ("", "Fractional"),
        (" 1", "Fractional"),
    ],
)
def test_refused(text: str, kind: str) -> None:
    with pytest.raises(AwsError, match="event time feature"):
        event_times.nanoseconds("t", text, kind)
