"""A report as plain text, as HTML for JupyterLab (light, dark, without colour, by screen reader) and as JSON."""

from __future__ import annotations

import math
import re
from html import escape

from course import pages
from course.grading.exercise.definition import ExerciseDefinition
from course.grading.report import PartResult, Report

# A part that practice looked at "holds". Only `judge` and grading, which run the hidden checks, say "passed".
HOLDS, PASSED, PARTLY, FAILED, LATER, UNREACHED = "Holds", "Passed", "Partly", "Not yet", "Not tested", "Not reached"
TITLES = {"practice": "Check", "judged": "Judged", "graded": "Graded"}
AT_GRADING = "in your instructor's grading"  # who runs the hidden checks, where `judge` cannot

# JupyterLab's own variables follow its theme; the fallbacks are for feedback pages and other front ends.
COLOURS = {
    HOLDS: "var(--jp-info-color1, #1565c0)",
    PASSED: "var(--jp-success-color1, #2e7d32)",
    PARTLY: "var(--jp-warn-color1, #b26a00)",
    FAILED: "var(--jp-error-color1, #c62828)",
    LATER: "var(--jp-border-color1, #767676)",
    UNREACHED: "var(--jp-border-color1, #767676)",
}

_COLOUR_CODES = re.compile(r"\x1b\[[0-9;]*m")  # of a terminal; the SDK colours the logs that it prints

HEADING = "margin:0 0 .4em;font-size:1em;font-weight:bold;line-height:1.7"  # smaller than the lesson's headings


def number(value: float) -> str:
    """``2.0`` as "2", ``0.5`` as "0.5", ``0.6666`` as "0.66": at most two decimals, so that a part never seems to have all its points."""
    return f"{math.floor(value * 100 + 1e-6) / 100:.2f}".rstrip("0").rstrip(".")


def verdict(part: PartResult, phase: str) -> str:
    """The word for a part's result. A part without one is "Not tested" in practice and "Not reached" otherwise."""
    if part.share is None:
        return LATER if phase == "practice" else UNREACHED
    if part.share == 1:
        return HOLDS if phase == "practice" else PASSED
    return PARTLY if part.share > 0 else FAILED


def headline(report: Report, judged: str = AT_GRADING) -> str:
    """One line: "2 of 3 points", or what practice tested and how the rest is judged."""
    total = _points(report.exercise.points)
    if report.unanswered:
        return "not answered yet"
    if report.phase == "judged":
        return f"{'right' if report.passed else 'not right yet'}, {number(report.score)} of {total}"
    if report.phase != "practice":
        return f"{number(report.score)} of {total}"
    if not report.passed:
        return f"not yet, {number(report.score)} of {total} in practice"
    rest = report.exercise.points - report.tested
    if rest > 0:
        return f"practice cases hold: {number(report.tested)} of {total}; {number(rest)} are judged by hidden checks: {judged}"
    all_of_it = "the point is" if report.exercise.points == 1 else f"all {total} are"
    return f"practice cases hold; {all_of_it} judged by hidden checks: {judged}"


def overall(report: Report) -> str:
    """The word whose colour the heading has."""
    if report.passed:
        return HOLDS if report.phase == "practice" else PASSED
    return PARTLY if report.score else FAILED


def parts_to_show(report: Report) -> list[PartResult]:
    """The parts to show: all, or only those reached when the judging stopped early."""
    if not report.problem:
        return list(report.parts)
    return [part for part in report.parts if part.share is not None]


def as_text(report: Report, more: str = "", judged: str = AT_GRADING) -> str:
    """Plain text.

    Parameters
    ----------
    report : Report
    more : str
        A last sentence.
    judged : str
        Who runs the hidden checks, for the heading of a practice report.
    """
    lines = [f"{TITLES[report.phase]} {report.exercise.id} ({report.exercise.title}): {headline(report, judged)}"]
    if report.problem:
        lines.append(f"  {report.redact(report.problem)}")
    for part in parts_to_show(report):
        earned = number(part.earned) + " of " if part.share is not None else ""
        message = f": {part.message}".replace("\n", "\n      ") if part.message else ""
        lines.append(f"  [{verdict(part, report.phase)}] {part.label} ({earned}{_points(part.points)}){message}")
        if part.hint:
            lines.append(f"      Hint: {part.hint}")
    if report.output:
        lines += ["  Your code printed:"] + [f"    {line}" for line in _output(report).splitlines()]
    if _wants_help(report):
        lines += [f"  {line}" for line in _help(report.exercise, 0)]
    if more:
        lines.append(f"  {more}")
    return "\n".join(lines)


def as_html(report: Report, more: str = "", judged: str = AT_GRADING) -> str:
    """The same as an HTML section. Every verdict is a word, which the colour only repeats."""
    title = f"{TITLES[report.phase]} {report.exercise.id}: {report.exercise.title}"
    colour = COLOURS[overall(report)]
    short, then, rest = headline(report, judged).partition("; ")
    said = f'<span style="border-bottom:3px solid {colour}">{pages.code(short)}</span>'
    rest = f'<span style="font-weight:normal">{then}{pages.code(rest)}</span>' if rest else ""
    body = [f'<h4 style="{HEADING}">{escape(title)} &ndash; {said}{rest}</h4>']
    if report.problem:
        body.append(_item(FAILED, pages.code(report.redact(report.problem))))
    body += [_part(part, report.phase) for part in parts_to_show(report)]
    if report.output:
        body.append(f"<details><summary>What your code printed</summary><pre>{escape(_output(report))}</pre></details>")
    if _wants_help(report):
        body.append(_help_as_html(report.exercise, 0))
    if more:
        body.append(f'<p style="margin:.4em 0 0">{pages.code(more)}</p>')
    return f'<section aria-label="{escape(title, quote=True)}">{"".join(body)}</section>'


def as_json(report: Report) -> dict:
    """The whole report as plain data, for storage, progress and other programs."""
    return {
        "exercise": report.exercise.id,
        "phase": report.phase,
        "score": report.score,
        "points": float(report.exercise.points),
        "problem": report.redact(report.problem),
        "unanswered": report.unanswered,
        "output": _output(report),
        "parts": [
            {"name": part.name, "points": part.points, "share": part.share, "message": part.message, "hint": part.hint}
            for part in report.parts
        ],
    }


def from_json(exercise, data: dict) -> Report:
    """The report that `as_json` wrote; its secrets are already removed."""
    report = Report(exercise, data["phase"])
    report.problem, report.unanswered, report.output = data["problem"], data["unanswered"], data["output"]
    for part in data["parts"]:
        if part["share"] is not None:
            report.part(part["name"], part["share"], part["message"] or "passed", part["hint"])
    return report


def _part(part: PartResult, phase: str) -> str:
    points = _points(part.points) if part.share is None else f"{number(part.earned)} of {_points(part.points)}"
    text = f"<strong>{escape(part.label)}</strong> ({points})"
    if part.message:
        text += f": {pages.code(part.message)}".replace("\n", "<br>")
    if part.hint:
        text += f"<br><em>Hint:</em> {pages.code(part.hint)}"
    return _item(verdict(part, phase), text)


def _item(word: str, html: str) -> str:
    return (
        f'<p style="margin:.2em 0;padding:.1em .6em;border-left:4px solid {COLOURS[word]}">'
        f'<span style="font-weight:bold">{word}.</span> {html}</p>'
    )


def hints_as_text(exercise: ExerciseDefinition, opened: int) -> str:
    """The first ``opened`` hints of an exercise, one a line, then how to get the next and what to read."""
    return "\n".join([f"Hints for {exercise.id}: {exercise.title}", *(f"  {line}" for line in _help(exercise, opened))])


def hints_as_html(exercise: ExerciseDefinition, opened: int) -> str:
    """The same as an HTML section."""
    title = f"Hints for {exercise.id}: {exercise.title}"
    heading = f'<h4 style="{HEADING}">{escape(title)}</h4>'
    return f'<section aria-label="{escape(title, quote=True)}">{heading}{_help_as_html(exercise, opened)}</section>'


def _wants_help(report: Report) -> bool:
    return report.phase != "graded" and not report.passed


def _help(exercise: ExerciseDefinition, opened: int) -> list[str]:
    section = [f'Read again: "{exercise.section}".'] if exercise.section else []
    return [*_ladder(exercise, opened), *section]


def _ladder(exercise: ExerciseDefinition, opened: int) -> list[str]:
    """The open hints, and the call that opens the next: learners open each hint on purpose."""
    count = len(exercise.hints)
    shown = [f"Hint {step} of {count}: {hint}" for step, hint in enumerate(exercise.hints[:opened], 1)]
    if opened < count:
        shown.append(f'For {"a" if opened == 0 else "the next"} hint run `hint("{exercise.id}")`.')
    return shown


def _help_as_html(exercise: ExerciseDefinition, opened: int) -> str:
    lines: list[str] = [pages.code(line) for line in _ladder(exercise, opened)]
    if exercise.section:  # the anchor of a heading in JupyterLab is its text with dashes for blanks
        anchor = escape(exercise.section.replace(" ", "-"), quote=True)
        end = "" if exercise.section.endswith("?") else "."
        lines.append(f'Read again: <a href="#{anchor}">{escape(exercise.section)}</a>{end}')
    return "".join(f'<p style="margin:.2em 0">{line}</p>' for line in lines)


def _points(points: float) -> str:
    return f"{number(points)} point{'' if points == 1 else 's'}"


def _output(report: Report) -> str:
    from course.grading.report import OUTPUT_LIMIT

    text = report.redact(_COLOUR_CODES.sub("", report.output))
    return text if len(text) <= OUTPUT_LIMIT else text[:OUTPUT_LIMIT] + "\n… (cut)"
