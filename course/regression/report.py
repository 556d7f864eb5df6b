"""The report of a run: one HTML page, readable by keyboard and screen reader, without a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from course import pages
from course.regression.execute import Executed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PACKAGES = ("sagemaker", "sagemaker-core", "boto3", "moto", "nbgrader", "papermill", "pandas", "xgboost-cpu", "jupyterlab")

Scores = Mapping[str, Mapping[str, tuple[float, float]]]
"""Learner -> lesson or notebook -> (points earned, points possible)."""


def write(path: Path, runs: Sequence[Executed], scores: Scores, problems: Sequence[str], reasons: Sequence[str] = ()) -> None:
    """Write the page.

    ``problems`` are the lines that say what was not as expected; none means the run is good. ``reasons`` say which lessons ran and
    were graded, and why.
    """
    verdict = "Everything is as expected." if not problems else f"{len(problems)} things are not as expected."
    parts = [pages.paragraph(f"{datetime.now(UTC):%d %B %Y, %H:%M} UTC. {verdict}")]
    if problems:
        parts += [pages.heading("What is not as expected"), pages.bullets(problems)]
    parts += [
        pages.heading("Lessons"),
        *(pages.paragraph(pages.code(reason)) for reason in reasons),
        pages.table("Reference notebooks, executed by papermill on the local AWS", LESSON_COLUMNS, [lesson_row(run) for run in runs]),
        pages.figure(_seconds_plot(runs), "Seconds that each notebook took; the slowest cell is the darker part of its bar."),
    ]
    if scores:
        parts += [
            pages.heading("Class"),
            pages.table("Points, graded by `course grade`", *score_rows(scores)),
            pages.figure(_class_plot(scores), "Share of the points that each learner of the class got in each lesson."),
        ]
    parts += [pages.heading("Versions"), pages.table("Packages", ("package", "version"), [(name, _version(name)) for name in PACKAGES])]
    pages.write(path, "From Data to Deployment: a run of every lesson", parts)


LESSON_COLUMNS = ("lesson", "exercises", "points", "cells", "seconds", "result")


def lesson_row(run: Executed) -> tuple[str, ...]:
    """The row of a notebook, on the terminal as in the page."""
    if run.error:
        result = f"failed: {run.error}"
    elif not run.ok:
        result = "failed: the reference answers did not earn all points"
    else:
        result = "passed"
    return (run.notebook, str(run.exercises), f"{run.earned:g} of {run.points:g}", str(run.cells), f"{run.seconds:.1f}", result)


def score_rows(scores: Scores) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The columns and rows of the class: a row for each lesson, which may be many, and a column for each learner."""
    rows = [
        (lesson, *(f"{row[lesson][0]:g} of {row[lesson][1]:g}" if lesson in row else "not graded" for row in scores.values()))
        for lesson in _lessons(scores)
    ]
    sums = [[sum(values) for values in zip(*row.values(), strict=True)] for row in scores.values()]
    return ("lesson", *scores), [*rows, ("sum", *(f"{earned:g} of {possible:g}" for earned, possible in sums))]


def _lessons(scores: Scores) -> list[str]:
    return sorted({lesson for row in scores.values() for lesson in row})


def _seconds_plot(runs: Sequence[Executed]) -> Figure:
    figure, axes = pages.axes(height=0.6 + 0.45 * len(runs))
    names = [run.notebook for run in runs][::-1]
    axes.barh(names, [run.seconds for run in runs][::-1], color="#9db8d9", label="whole notebook")
    axes.barh(names, [max(run.cell_seconds, default=0.0) for run in runs][::-1], color="#274b7a", label="its slowest cell")
    axes.set_xlabel("seconds")
    axes.legend(frameon=False)
    return figure


def _class_plot(scores: Scores) -> Figure:
    lessons = _lessons(scores)
    shares = [[row[lesson][0] / row[lesson][1] if row.get(lesson, (0, 0))[1] else 0.0 for row in scores.values()] for lesson in lessons]
    figure, axes = pages.axes(height=1.2 + 0.4 * len(lessons))
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(len(scores)), list(scores))
    axes.set_yticks(range(len(lessons)), lessons)
    for y, row in enumerate(shares):
        for x, share in enumerate(row):
            axes.text(x, y, f"{share:.0%}", ha="center", va="center", color="white" if share > 0.55 else "black")
    return figure


def _version(package: str) -> str:
    try:
        return version(package)
    except ModuleNotFoundError:
        return "not installed"
