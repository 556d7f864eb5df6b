"""Tests a row's comparison and verdict, and the timing of two calls in turns."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import rows
from benchmarks.rows import Row, p50_in_turns

NUMBERS = st.floats(0.001, 1000)


def row(compared: str, limit: float, measured: list[float], baseline: list[float], unit: str = "ms") -> Row:
    return Row("a call, p50", unit, measured, baseline, "moto", compared, limit)


@pytest.mark.parametrize(
    ("compared", "measured", "baseline", "value"),
    [
        ("ratio", [1.0, 2.0, 9.0], [2.0, 4.0, 3.0], 0.5),  # of 0.5, 0.5, 3.0; the medians' own ratio would be 0.67
        ("difference", [5.0, 2.0, 9.0], [1.0, 4.0, 8.0], 1.0),  # of 4, -2, 1
        ("measured", [3.0, 1.0, 2.0], [100.0, 100.0, 100.0], 2.0),
    ],
)
def test_the_value_is_the_median_of_what_each_run_compares(compared, measured, baseline, value):
    assert row(compared, 1.0, measured, baseline).value == pytest.approx(value)


@pytest.mark.parametrize(("limit", "met"), [(2.01, True), (2.0, True), (1.99, False)])
@pytest.mark.parametrize(
    ("compared", "measured", "baseline"), [("ratio", [4.0], [2.0]), ("difference", [4.0], [2.0]), ("measured", [2.0], [9.0])]
)
def test_a_target_is_met_up_to_its_limit(compared, measured, baseline, limit, met):
    assert row(compared, limit, measured, baseline).met is met


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=9), st.sampled_from(["ratio", "difference", "measured"]), NUMBERS)
def test_the_verdict_follows_from_the_value_and_is_written_with_it(pairs, compared, limit):
    made = row(compared, limit, *(list(numbers) for numbers in zip(*pairs, strict=True)))
    written = made.as_json()
    assert made.met is (made.value <= limit)
    assert (written["value"], written["met"], written["limit"]) == (made.value, made.met, limit)
    assert (written["measured"], written["baseline"]) == (made.measured, made.baseline)


def test_runs_without_their_baseline_are_an_error():
    with pytest.raises(ValueError):
        _ = row("ratio", 1.0, [1.0, 2.0], [1.0]).value


def test_the_cells_name_the_units_of_what_they_show():
    assert row("ratio", 0.5, [1.0], [4.0]).cells() == ["a call, p50", "1 ms", "4 ms", "moto", "0.25 ×", "≤ 0.50 ×"]
    assert row("difference", 2.0, [1.5], [1.0], "s").cells() == ["a call, p50", "1.5 s", "1 s", "moto", "0.5 s", "≤ 2 s"]


def test_two_calls_take_turns_and_the_first_of_a_turn_does_not_count(monkeypatch):
    """Only the calls advance the clock: one takes 1 s, the other 3 s, and either takes 100 s right after the other."""
    now, called = [0.0], []
    monkeypatch.setattr(rows.time, "perf_counter", lambda: now[0])

    def call(name: str, seconds: float) -> None:
        now[0] += seconds if called and called[-1] == name else 100.0
        called.append(name)

    ours, theirs = p50_in_turns(lambda: call("ours", 1.0), lambda: call("theirs", 3.0), runs=2, calls=30)
    assert (ours, theirs) == (pytest.approx([1000.0] * 2), pytest.approx([3000.0] * 2))  # milliseconds
    turns = [(name, len(list(group))) for name, group in itertools.groupby(called)]
    assert turns == [("ours", 11), ("theirs", 11)] * 6
