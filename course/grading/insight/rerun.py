"""Runs a stored submission again in a temporary folder and lists the differences from the stored result."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from course.grading.batches.grade import GradingTask, grade
from course.grading.insight.evidence_report import StoredScore, call_line, points, request_line
from course.grading.insight.sections import Section
from course.grading.short_repr import cut, short
from course.grading.submission.evidence import Evidence
from course.grading.submission.seed_holder import held

MOST = 10  # differences of one kind to show


@dataclass(frozen=True)
class RerunTask(GradingTask):
    """A task whose results go to ``results_folder`` instead of the course's folder."""

    results_folder: Path = Path()

    @property
    def results(self) -> Path:
        return self.results_folder


def rerun(case: StoredScore) -> tuple[Section, bool]:
    """The differences of another run, and whether it was judged the same. The run leaves no files.

    Raises
    ------
    course.grading.submission.run.StartError
        When no kernel could be started.
    """
    with tempfile.TemporaryDirectory(prefix="explain-") as there, held(case.work.draw) as holder:
        known = {each.name: getattr(case.work, each.name) for each in fields(GradingTask)}
        work = RerunTask(**known, results_folder=Path(there))
        new = StoredScore(case.exercise, grade(work, holder), work)
        if new.result.fault:
            return Section("Run again", [f"it could not be graded: {new.result.fault}"]), False
        found = list(differences(case, new))
        now = points(new.found["score"], new.found["points"])
        same = _judged(_grader_found(case)) == _judged(new.found)
    if not found:
        return Section("Run again", [f"The result is the same: {now}, with the same messages, values and calls."]), True
    if same:
        return Section("Run again", [f"The score is the same: {now}. Differences between the two runs:", *found]), True
    return Section("Run again", [f"The result is different: {now}.", *found, *_reasons(case, new)]), False


def _judged(found: Mapping) -> list:
    """The judgement without messages, which may contain names and times that differ in each run."""
    parts = found["report"]["parts"] if found["report"] else []
    return [found["score"], found["fault"], *([part["name"], part["share"]] for part in parts)]


def differences(old: StoredScore, new: StoredScore) -> Iterator[str]:
    """A line for each thing that differs: score, fault, parts, values, calls and requests."""
    was, now = _grader_found(old), new.found
    if was["score"] != now["score"]:
        yield f"score: {points(was['score'], was['points'])} before, {points(now['score'], now['points'])} now"
    if was["fault"] != now["fault"]:
        yield f"fault: {was['fault'] or 'none'} before, {now['fault'] or 'none'} now"
    before, after = _said(was["report"]), _said(now["report"])
    yield from (f"{name}: {before.get(name, 'nothing')} before, {after.get(name, 'nothing')} now" for name in _changed(before, after))
    yield from _evidence_differs(old.evidence or Evidence(), new.evidence or Evidence())


def _grader_found(case: StoredScore) -> Mapping:
    """The grader's finding, without a human's decision on it."""
    decision = case.found.get("override")
    return {**case.found, "score": decision["before"]} if decision else case.found


def _said(report: Mapping | None) -> dict[str, str]:
    """The messages of a report, by part."""
    if report is None:
        return {}
    said = {f"part `{part['name']}`": f"{part['share']}: {cut(part['message'])}".rstrip(": ") for part in report["parts"]}
    return said | ({"problem": cut(report["problem"])} if report["problem"] else {})


def _evidence_differs(old: Evidence, new: Evidence) -> Iterator[str]:
    before, after = ({name: short(value) for name, value in each.offer.get("values", {}).items()} for each in (old, new))
    yield from (f"value `{name}`: `{before.get(name, '')}` before, `{after.get(name, '')}` now" for name in _changed(before, after))
    yield from _lines_differ([*map(call_line, old.calls)], [*map(call_line, new.calls)], "calls")
    yield from _lines_differ([*map(request_line, old.aws)], [*map(request_line, new.aws)], "requests")


def _lines_differ(old: list[str], new: list[str], what: str) -> Iterator[str]:
    if len(old) != len(new):
        yield f"{what}: {len(old)} before, {len(new)} now"
    changed = [(before, after) for before, after in zip(old, new, strict=False) if before != after]
    yield from (f"{before}; now {after}" for before, after in changed[:MOST])
    if len(changed) > MOST:
        yield f"... and {len(changed) - MOST} more {what} differ"


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    return [name for name in {**before, **after} if before.get(name) != after.get(name)]


def _reasons(old: StoredScore, new: StoredScore) -> list[str]:
    """The inputs that differ: submission, checks, seed or packages."""
    names = [name for name in ("submission", "checks", "seed", "packages") if getattr(old.result, name) != getattr(new.result, name)]
    if names:
        return [f"different from when it was graded: {', '.join(names)}"]
    return ["submission, checks, seed and packages are the same, so the answer behaves differently from run to run or depends on time"]
