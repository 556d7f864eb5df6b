"""Tests `attempts.jsonl`, the log of a learner's attempts."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.grading import attempts
from course.grading.attempts import Attempt

LINE = {"at": "2026-11-25T10:00:00+00:00", "exercise": "m98_1_ex2", "event": "check", "score": 1, "points": 2, "parts": {"value": 0.5}}


def written(folder: Path, *lines: object) -> Path:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    (folder / attempts.FILE).write_text(text + "\n", encoding="utf-8")
    return folder


def an_attempt(**changes: object) -> Attempt:
    return Attempt(**{"at": datetime(2026, 11, 25, tzinfo=UTC), "exercise": "m98_1_ex2", "event": "check", "points": 2.0} | changes)


def test_what_is_noted_is_read(tmp_path: Path) -> None:
    noted = [
        an_attempt(score=1.0, parts={"value": 0.5, "edge": None}, message="value: `f(3)` gab 4 – ä"),
        an_attempt(event="hint", hints=1),
    ]
    for each in noted:
        attempts.append_attempt(each, tmp_path)
    assert attempts.read(tmp_path) == noted


def test_no_file_no_attempts(tmp_path: Path) -> None:
    assert attempts.read(tmp_path) == []


def test_nothing_is_noted_where_the_lesson_is_written(tmp_path: Path) -> None:
    (tmp_path / "m98_1_numbers.py").touch()
    attempts.append_attempt(an_attempt(), tmp_path)
    assert not (tmp_path / attempts.FILE).exists()


def test_the_validate_button_is_no_try(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    attempts.append_attempt(an_attempt(), tmp_path)
    assert not (tmp_path / attempts.FILE).exists()


def test_a_folder_that_cannot_be_written_to_does_not_fail_a_check(tmp_path: Path) -> None:
    (tmp_path / attempts.FILE).mkdir()
    attempts.append_attempt(an_attempt(), tmp_path)


def test_oldest_first_and_in_utc(tmp_path: Path) -> None:
    later, naive = LINE | {"at": "2026-11-25T12:00:00+01:00", "score": 2}, LINE | {"at": "2026-11-25T09:00:00"}
    read = attempts.read(written(tmp_path, later, naive))
    assert [each.at.isoformat() for each in read] == ["2026-11-25T09:00:00+00:00", "2026-11-25T11:00:00+00:00"]
    assert [each.holds for each in read] == [False, True]


NOT_ATTEMPTS = [
    "no json",
    "[]",
    "null",
    LINE | {"event": "pass"},
    LINE | {"exercise": "m98_1_ex2/../.."},
    LINE | {"exercise": 7},
    LINE | {"at": "yesterday"},
    LINE | {"score": 3},
    LINE | {"score": -1},
    LINE | {"score": float("nan")},
    LINE | {"points": 1e9, "score": 1e9},
    LINE | {"parts": {"value": 2}},
    LINE | {"parts": 5},
    {key: value for key, value in LINE.items() if key != "at"},
    "[" * 100_000,
]


def test_a_line_that_is_not_an_attempt_is_skipped(tmp_path: Path) -> None:
    for line in NOT_ATTEMPTS:
        assert len(attempts.read(written(tmp_path, LINE, line, LINE))) == 2, str(line)[:80]


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / attempts.FILE).symlink_to(written(tmp_path / "other", LINE) / attempts.FILE)
    assert attempts.read(tmp_path) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.lists(st.dictionaries(st.sampled_from(sorted({*LINE, "message", "hints"})), JSON).map(lambda changes: LINE | changes), max_size=4)
)
def test_any_malformed_log_can_be_read(tmp_path_factory: pytest.TempPathFactory, lines: list) -> None:
    folder = written(tmp_path_factory.mktemp("tries"), LINE, *lines)
    for each in (read := attempts.read(folder)):
        assert 0 <= each.score <= each.points and len(each.message) <= attempts.LONGEST_MESSAGE
    assert 1 <= len(read) <= 1 + len(lines)
