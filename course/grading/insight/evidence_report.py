"""The evidence report on one stored score: the finding, how it was made, its evidence, and the answer itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import nbformat

from course.grading import attempts, render
from course.grading.batches.grade import GradingTask
from course.grading.batches.result import Result
from course.grading.exercise.exercise import Exercise
from course.grading.insight.observations import AttemptSummary
from course.grading.insight.sections import Section
from course.grading.insight.tables import duration
from course.grading.short_repr import cut, short
from course.grading.submission import evidence
from course.grading.submission.evidence import Evidence

MOST = 25  # calls, or requests, to show
DIGITS = 12  # digits of a hash to show


@dataclass(frozen=True)
class StoredScore:
    """One exercise of one stored result; ``work`` is the task as it would be graded today."""

    exercise: Exercise
    result: Result
    work: GradingTask

    @property
    def found(self) -> Mapping:
        return self.result.exercises[self.exercise.id]

    @property
    def evidence(self) -> Evidence | None:
        """The evidence of the score; None when there is none or it cannot be read."""
        try:
            return evidence.read(self.work.evidence).get(self.exercise.id)
        except (OSError, ValueError, KeyError, TypeError):
            return None


def evidence_report(case: StoredScore) -> list[Section]:
    """All sections that need no run."""
    sections = [_score(case), _report(case), _how(case), *_repairs(case), _evidence(case.evidence), _tries(case), _answer(case)]
    return [section for section in sections if section.lines or section.code]


def points(score: float | None, possible: float) -> str:
    return "no score; a human must decide" if score is None else f"{render.number(score)} of {render.number(possible)} points"


def _score(case: StoredScore) -> Section:
    lines = [points(case.found["score"], case.found["points"])]
    if decision := case.found.get("override"):
        before = points(decision["before"], case.found["points"])
        lines.append(f"decided by {decision['by']} at {decision['at']}: {decision['reason']} (the grader's finding: {before})")
    lines += [f"fault: {case.found['fault']}"] if case.found["fault"] else []
    return Section("Score", lines)


def _report(case: StoredScore) -> Section:
    if case.found["report"] is None:
        return Section("The learner's report", ["none"])
    text = render.as_text(render.from_json(case.exercise, dict(case.found["report"])))
    return Section("The learner's report", code=text)


def _how(case: StoredScore) -> Section:
    result, today = case.result, case.work.empty_result()
    lines = [f"graded at {result.graded_at} in {result.seconds:.1f} s, sandbox: {result.sandbox or 'none'}"]
    for what in ("submission", "checks", "seed", "packages"):
        was, now = getattr(result, what), getattr(today, what)
        lines.append(f"{what}: `{was[:DIGITS]}`, {'the same today' if was == now else f'today `{now[:DIGITS]}`'}")
    return Section("How it was graded", lines)


def _repairs(case: StoredScore) -> list[Section]:
    return [Section("Repaired before the run", case.result.repairs), Section("Skipped, cut off or stopped", case.result.notes)]


def _evidence(recorded: Evidence | None) -> Section:
    if recorded is None:
        return Section("What it rests on", ["nothing was handed over to the grader"])
    given = recorded.offer.get("values", {})
    lines = [f"value `{name}` = `{short(value)}`" for name, value in given.items()]
    lines += [f"the kernel said: {cut(recorded.offer['problem'])}"] if recorded.offer.get("problem") else []
    lines += _limited([call_line(each) for each in recorded.calls], "calls")
    lines += _limited([request_line(each) for each in recorded.aws], "requests to its AWS")
    return Section("What it rests on", lines or ["no values, no calls and no requests"])


def call_line(call: Mapping) -> str:
    """A call of a learner's function and its result."""
    asked = f"{call['name']}({', '.join(map(short, call['arguments']))})"
    if call["problem"] or call["unanswered"]:
        result = cut(call["problem"]) or "not answered yet"
        return f"`{asked}`: {result}"
    printed = f", and printed `{cut(call['output'])}`" if call["output"] else ""
    return f"`{asked}` returned `{short(call['value'])}`{printed}"


def request_line(request: Mapping) -> str:
    """A request of the grader to the submission's AWS; older evidence has no operation and no text."""
    what = f" `{cut(request['what'])}`" if request.get("what") else ""
    return f"AWS {request.get('operation', 'request')}{what}: {request['status']}"


def _limited(lines: list[str], what: str) -> list[str]:
    return lines[:MOST] + ([f"... and {len(lines) - MOST} more {what}"] if len(lines) > MOST else [])


def _tries(case: StoredScore) -> Section:
    log = attempts.read(case.work.folder.submission(case.result.student, case.result.assignment))
    tries = AttemptSummary.of([each for each in log if each.exercise == case.exercise.id])
    if not tries.checks and not tries.hints and not tries.revealed:
        return Section("Tries")
    passed = f"passed after {duration(tries.seconds)}" if tries.passed else "without a pass"
    lines = [f"{tries.checks} tries, {passed}; {tries.hints} hints" + ("; the learner looked at the reference" if tries.revealed else "")]
    return Section("Tries, self-reported and never scored", lines)


def _answer(case: StoredScore) -> Section:
    path = case.work.results / f"{case.result.notebook}.ipynb"
    if not path.exists():
        return Section("The answer cell", ["there is no executed notebook beside the result"])
    cells = nbformat.read(path, as_version=4).cells
    source = next((each.source for each in cells if each.metadata.get("nbgrader", {}).get("grade_id") == case.exercise.answer_cell), "")
    return Section("The answer cell", code=source or "(empty)")
