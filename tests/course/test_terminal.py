"""Tests that text of learners reaches a terminal as it is: no brackets, emoji names or control characters in it do anything."""

from __future__ import annotations

import ast
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.table import Table

from course.authoring import coverage
from course.grading import catalogue, errors, report
from course.grading.batches import changes, rescore
from course.grading.batches import command as grade_command
from course.grading.batches.folder import CourseFolder
from course.grading.batches.result import UNGRADED, Result
from course.grading.insight import grading_summary, sections
from course.grading.judging import command as judge_command
from course.grading.progress import command as progress_command
from course.grading.progress.exercise_state import progress
from course.grading.submission.server import GradingOutcome
from course.terminal import ProgressBar, Terminal, visible

COURSE = Path(__file__).parents[2] / "course"
HOSTILE = "[/x] [red]a[/red] \\[b] [link=http://e.org]:bug: \x1b]52;c;x\x07 \x9b1m \u202e \udcff"
SHOWN = "[/x] [red]a[/red] \\[b] [link=http://e.org]:bug: \\x1b]52;c;x\\x07 \\x9b1m \\u202e \\udcff"
# What a module may take from rich: in these no text becomes markup. `course.terminal` has the rest.
ALLOWED = {"Table", "Text", "ProgressColumn", "Task", "TaskID", "SpinnerColumn", "TimeElapsedColumn", "TimeRemainingColumn"}


def written(write: Callable[[Terminal], object], *, interactive: bool = False) -> str:
    file = io.StringIO()
    write(Terminal(file=file, width=4_000, force_terminal=interactive, color_system=None))
    file.getvalue().encode()  # a surrogate would end the command here
    return file.getvalue()


def row(text: str) -> Table:
    table = Table(text, "b", title=f"title {text}", caption=f"caption {text}")
    table.add_row(f"cell {text}", "1")
    return table


WAYS: dict[str, Callable[[Terminal, str], object]] = {
    "line": lambda terminal, text: terminal.say(text),
    "wrapped": lambda terminal, text: terminal.print(text),
    "table": lambda terminal, text: terminal.print(row(text)),
    "rule": lambda terminal, text: terminal.rule(text),
    "section": lambda terminal, text: sections.Section(text, [text], text).show(terminal),
}


@pytest.mark.parametrize("way", WAYS)
@given(text=st.text(st.characters(exclude_characters="\n\t"), max_size=30).map(str.split).map(" ".join).filter(bool))
@settings(max_examples=40, deadline=None)
def test_any_text_is_shown_as_it_is(way: str, text: str) -> None:
    said = written(lambda terminal: WAYS[way](terminal, text))
    assert visible(text) in said and visible(said) == said


def _with_status(terminal: Terminal) -> None:
    with terminal.status(HOSTILE) as status:
        status.update(HOSTILE)


def _with_progress(terminal: Terminal) -> None:
    with ProgressBar(console=terminal) as bar:
        bar.update(bar.add_task(HOSTILE, total=2), description=HOSTILE, advance=1)


@pytest.mark.parametrize("show", [_with_status, _with_progress])
def test_a_description_of_what_runs_is_shown_as_it_is(show) -> None:
    assert SHOWN in written(show, interactive=True)


def _result(**members: object) -> Result:
    return Result(HOSTILE, "m01", HOSTILE, key="", **members)


def _judged(terminal: Terminal, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exercise = next(iter(catalogue.exercises().values()))
    found = report.Report(exercise, "graded")
    found.add_output(HOSTILE)
    found.stop(errors.AnswerError(HOSTILE))
    judge_command._show(GradingOutcome(found), {exercise.id: 1}, folder, terminal)


def _graded(terminal: Terminal, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grade_command, "grade_all", lambda works, jobs, on_result, grader: [on_result(result) for result in works])
    grade_command._with_progress([_result()], 1, None, 0, terminal)


def _drafts(terminal: Terminal, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    grade_command._print_drafts([_result(status=UNGRADED, fault=HOSTILE)], 0, CourseFolder(folder), terminal)


def _summary(terminal: Terminal, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    grading_summary.print_summary([_result(status=UNGRADED, fault=HOSTILE)], 0, folder, terminal)


def _rescored(terminal: Terminal, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = _result()
    rescore._print_changes([(old, replace(old, notes=[HOSTILE]))], terminal)


def _changes(terminal: Terminal, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal.print(changes.table([changes.Change(HOSTILE, "m01_1_ex1", 0, 1, ())]))


def _progress(terminal: Terminal, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exercise = next(iter(catalogue.exercises().values()))
    progress_command._print_table(progress({exercise.id: exercise}, []), {exercise.notebook: HOSTILE}, terminal)


def _coverage(terminal: Terminal, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage, "topics", lambda exercises: [coverage.Gap(HOSTILE, HOSTILE, (HOSTILE,))])
    coverage._print(list(catalogue.exercises().values()), terminal)


@pytest.mark.parametrize("show", [_judged, _graded, _drafts, _summary, _rescored, _changes, _progress, _coverage])
def test_what_a_command_prints_of_a_learner_is_shown_as_it_is(show, tmp_path, monkeypatch) -> None:
    said = written(lambda terminal: show(terminal, tmp_path, monkeypatch))
    # A report has already replaced half characters.
    assert SHOWN in said.replace("\ufffd", "\\udcff") and "\x1b" not in said


def _taken_from_rich(path: Path) -> set[str]:
    source = path.read_text(encoding="utf-8")
    if "rich" not in source and "from_markup" not in source:
        return set()  # without parsing it, which takes most of the time
    tree = ast.parse(source)
    names = {
        alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names if alias.name.split(".")[0] == "rich"
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "rich":
            names |= {alias.name for alias in node.names}
        if isinstance(node, ast.Attribute) and node.attr == "from_markup":
            names.add("from_markup")
    return names


def test_there_is_no_other_way_to_the_terminal() -> None:
    taken = {path: _taken_from_rich(path) for path in COURSE.rglob("*.py") if path != COURSE / "terminal.py"}
    assert any(taken.values())
    assert {str(path): names - ALLOWED for path, names in taken.items() if names - ALLOWED} == {}
