"""Tests evidence cited from a log: words of a line count, and parts that belong to only one run are detected."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from course.grading.citing import SHORTEST, cites, class_alone, passing, shows, statements

lines = st.lists(st.text("abc xyz:-", min_size=SHORTEST, max_size=30), min_size=1, max_size=5)


@given(lines, st.data())
def test_words_of_a_line_are_cited_and_others_are_not(log: list[str], data: st.DataObject) -> None:
    line = data.draw(st.sampled_from(log))
    begin = data.draw(st.integers(0, len(line) - 1))
    words = line[begin : data.draw(st.integers(begin + 1, len(line)))]
    assert cites(f" {words}\n", log) == (len(words.strip()) >= SHORTEST)
    assert not cites(f"{words}, said nobody", log)


CITED = [
    ("no such column", True),
    ("column 'dep_delay'", True),
    ("error", False),  # also in another line
    ("begun", False),
    ("said nobody", False),
    ("no", False),  # too short
]


def test_cited_words_show_a_fault_only_if_no_other_line_has_them() -> None:
    for cited, is_shown in CITED:
        log = ["begun", "error: no such column 'dep_delay'", "error: the job failed"]
        assert shows(cited, log, ["such column", "KeyError"]) == is_shown, cited


PASSING = [
    ("2026-11-26 05:20:31 error", "2026-11-26"),
    ("at 05:20:31", "05:20:31"),
    ("<Booster object at 0x7f3a062ec680>", "0x7f3a062ec680"),
    ("Feature size 8, expected 10: 0x1f", ""),
    ("flight-000265955", ""),
]


def test_parts_that_belong_to_one_run_are_found() -> None:
    for cited, found in PASSING:
        assert passing(cited) == found, cited


def test_statements_are_the_lines_that_say_what_happened() -> None:
    log = [
        "begun",
        "Traceback (most recent call last):",
        '  File "train.py", line 9, in <module>',
        "    fit(rows)",
        "    ^^^~~~~~^",
        "ValueError: no rows",
    ]
    assert list(statements(log)) == ["begun", "ValueError: no rows"]


def test_a_class_of_errors_alone_says_little() -> None:
    assert [class_alone(cited) for cited in ("ValueError", "ClientError: AlgorithmError:", "ValueError: no rows")] == [True, True, False]
