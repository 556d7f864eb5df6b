"""The report of a run: one HTML page that a person wants to look at, readable by keyboard and screen reader, with no network."""

from __future__ import annotations

import html
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from course.regression.execute import Executed

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #ffffff; --line: #c9d1d9; --soft: #f3f5f7; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --paper: #15181c; --line: #3d444d; --soft: #20252b; } }
body { font: 1rem/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
main { max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
caption { text-align: left; font-weight: 600; padding: .4rem 0; }
th, td { border-bottom: 1px solid var(--line); padding: .35rem .6rem; text-align: left; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
tbody tr:nth-child(even) { background: var(--soft); }
figure { margin: 1.5rem 0; background: #ffffff; padding: .5rem; } figure svg { width: 100%; height: auto; }
figcaption { color: #1b1f24; font-size: .95rem; padding: .3rem .5rem; }
a:focus, summary:focus { outline: 3px solid #1f6feb; outline-offset: 2px; }
.failed { font-weight: 700; }
"""
PACKAGES = ("sagemaker", "sagemaker-core", "boto3", "moto", "nbgrader", "papermill", "pandas", "xgboost-cpu", "jupyterlab")

Scores = Mapping[str, Mapping[str, tuple[float, float]]]
"""Learner -> lesson -> (points earned, points possible)."""


def write(path: Path, runs: Sequence[Executed], scores: Scores, problems: Sequence[str]) -> None:
    """Write the page. ``problems`` are the lines that say what was not as expected; none means the run is good."""
    verdict = "Everything is as expected." if not problems else f"{len(problems)} things are not as expected."
    parts = [
        f"<h1>From Data to Deployment: a run of every lesson</h1><p>{datetime.now(UTC):%d %B %Y, %H:%M} UTC. {verdict}</p>",
        _list("What is not as expected", problems),
        "<h2>Lessons</h2>",
        _table("Reference notebooks, executed by papermill on the local AWS", LESSON_COLUMNS, [lesson_row(run) for run in runs]),
        _figure(_seconds_plot(runs), "Seconds that each notebook took; the slowest cell is the darker part of its bar."),
        "<h2>Class</h2>" if scores else "",
        _table("Points through nbgrader", *score_rows(scores)) if scores else "",
        _figure(_class_plot(scores), "Share of the points that each learner of the class got in each lesson.") if scores else "",
        "<h2>Versions</h2>",
        _table("Packages", ("package", "version"), [(name, _version(name)) for name in PACKAGES]),
    ]
    page = f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Run of every lesson</title><style>{STYLE}</style></head>'
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{page}<body><main>{''.join(parts)}</main></body></html>")


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
    lessons = sorted({lesson for row in scores.values() for lesson in row})
    rows = []
    for learner, row in scores.items():
        earned, possible = (sum(values) for values in zip(*row.values(), strict=True))
        cells = [f"{row[lesson][0]:g} of {row[lesson][1]:g}" if lesson in row else "not graded" for lesson in lessons]
        rows.append((learner, *cells, f"{earned:g} of {possible:g}"))
    return ("learner", *lessons, "sum"), rows


def _table(caption: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    below = rows[0] if rows else columns
    head = "".join(f'<th scope="col"{_kind(text)}>{html.escape(column)}</th>' for column, text in zip(columns, below, strict=True))
    body = "".join(f"<tr>{''.join(map(_cell, row, range(len(row))))}</tr>" for row in rows)
    return f"<table><caption>{html.escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(text: str, column: int) -> str:
    if column == 0:
        return f'<th scope="row">{html.escape(text)}</th>'
    failed = ' class="failed"' if text.startswith("failed") else ""
    return f"<td{_kind(text) or failed}>{html.escape(text)}</td>"


def _kind(text: str) -> str:
    """The class that sets a column of numbers, and its heading, to the right."""
    return ' class="number"' if text[:1].isdigit() else ""


def _list(title: str, lines: Sequence[str]) -> str:
    return f"<h2>{title}</h2><ul>{''.join(f'<li>{html.escape(line)}</li>' for line in lines)}</ul>" if lines else ""


def _figure(svg: str, caption: str) -> str:
    return f'<figure role="img" aria-label="{html.escape(caption)}">{svg}<figcaption>{html.escape(caption)}</figcaption></figure>'


def _seconds_plot(runs: Sequence[Executed]) -> str:
    figure, axes = _axes(height=0.6 + 0.45 * len(runs))
    names = [run.notebook for run in runs][::-1]
    axes.barh(names, [run.seconds for run in runs][::-1], color="#9db8d9", label="whole notebook")
    axes.barh(names, [max(run.cell_seconds, default=0.0) for run in runs][::-1], color="#274b7a", label="its slowest cell")
    axes.set_xlabel("seconds")
    axes.legend(frameon=False)
    return _svg(figure)


def _class_plot(scores: Scores) -> str:
    lessons = sorted({lesson for row in scores.values() for lesson in row})
    shares = [[row[lesson][0] / row[lesson][1] if row.get(lesson, (0, 0))[1] else 0.0 for lesson in lessons] for row in scores.values()]
    figure, axes = _axes(height=1.2 + 0.5 * len(scores))
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(len(lessons)), lessons)
    axes.set_yticks(range(len(scores)), list(scores))
    for y, row in enumerate(shares):
        for x, share in enumerate(row):
            axes.text(x, y, f"{share:.0%}", ha="center", va="center", color="white" if share > 0.55 else "black")
    return _svg(figure)


def _axes(height: float):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, height), layout="constrained")
    return figure, figure.subplots()


def _svg(figure) -> str:
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def _version(package: str) -> str:
    try:
        return version(package)
    except ModuleNotFoundError:
        return "not installed"
