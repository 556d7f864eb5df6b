"""A function that fails on a later case earns no part that its check has not judged to the end, nor does one after which AWS refuses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from course.grading.check import aws_client
from course.grading.exercise.evidence_types import Function
from course.grading.gate.exercise_trial import DRAWS, ExerciseTrial
from course.grading.gate.judging import notebooks
from course.grading.report import Report
from tests.graders.exercise_trials import ROOT, trials

BY_DAY = "m00"
MAY_RAISE = {("m10_1_ex2", "none")}  # for an endpoint whose model was deleted


class Failing:
    """A learner's function that fails in its nth call and after it, and counts its calls."""

    def __init__(self, function: Callable, nth: float = float("inf")) -> None:
        self._function, self._nth, self.calls = function, nth, 0

    def __call__(self, *arguments: Any) -> Any:
        self.calls += 1
        if self.calls >= self._nth:
            raise KeyError(self.calls)
        return self._function(*arguments)


class RefusingAWS:
    """An AWS that refuses the check's nth call and all after it, and counts them."""

    def __init__(self, nth: float = float("inf")) -> None:
        self.nth, self.calls = nth, 0

    def client(self, service: str) -> Any:
        client = aws_client(service)
        client.meta.events.register("before-call", self._meet)  # before the request is sent
        return client

    def _meet(self, **_: Any) -> None:
        self.calls += 1
        if self.calls >= self.nth:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "refused by the test"}}, "AnyOperation")


def judged(
    trial: ExerciseTrial, evidence: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch, counted: Failing | RefusingAWS
) -> tuple[dict[str, int], Report]:
    """By part with full points: the number of calls of ``counted`` when it was last reported; and the report."""
    client = {"client": counted.client} if isinstance(counted, RefusingAWS) else {}
    last: dict[str, int] = {}
    part = Report.part

    def noted(self: Report, name: str, *arguments: Any, **options: Any) -> bool:
        last[name] = counted.calls
        return part(self, name, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Report, "part", noted)
        report = trial.report("hidden", evidence, DRAWS[0], **client)
    return {each.name: last[each.name] for each in report.parts if each.passed}, report


def undeserved(trial: ExerciseTrial, reference: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The parts that are earned although the reference is judged on them in the failing call or after it."""
    found = []
    for name in [name for name, wanted in trial.exercise.evidence.items() if isinstance(wanted, Function)]:
        right = Failing(reference[name])
        whole, _ = judged(trial, reference | {name: right}, monkeypatch, right)
        for nth in sorted({2, right.calls // 2, right.calls} - {0, 1}) if right.calls > 1 else ():
            failing = Failing(reference[name], nth)
            kept, _ = judged(trial, reference | {name: failing}, monkeypatch, failing)
            kept = {part for part in kept if whole.get(part, nth) >= nth and (trial.exercise.id, part) not in MAY_RAISE}
            found += [f"{part}: {name} fails in call {nth}" for part in sorted(kept)]
    return found


def kept_without_aws(trial: ExerciseTrial, reference: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The parts of functions that are earned although AWS refused the second half of the check's calls, in which it judges them."""
    serving = RefusingAWS()
    whole, _ = judged(trial, reference, monkeypatch, serving)
    if serving.calls < 2:
        return []
    refusing = RefusingAWS(serving.calls // 2 + 1)
    functions = [name for name, wanted in trial.exercise.evidence.items() if isinstance(wanted, Function)]
    called = [Failing(reference[name]) for name in functions]
    kept, report = judged(trial, reference | dict(zip(functions, called, strict=True)), monkeypatch, refusing)
    if not any(each.calls for each in called) or "refused by the test" not in report.problem:
        return []  # the check met the refusal before it called anything, or says itself what it means
    return [part for part in kept if whole.get(part, refusing.nth) >= refusing.nth]


def test_a_later_failure_is_not_worth_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    for trial, reference in trials(BY_DAY):
        assert undeserved(trial, reference, monkeypatch) == [], trial.exercise.id
        with monkeypatch.context() as patch:  # without the rule, a right first case is worth a whole part
            patch.setattr(Report, "calling", lambda self, function: None)
            assert undeserved(trial, reference, monkeypatch), trial.exercise.id


@pytest.mark.nightly  # checks run jobs
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("notebook", [each for each in notebooks(ROOT) if each != BY_DAY])
def test_a_later_failure_is_not_worth_a_part_anywhere(notebook: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for trial, reference in trials(notebook):
        assert undeserved(trial, reference, monkeypatch) == [], trial.exercise.id
        assert kept_without_aws(trial, reference, monkeypatch) == [], trial.exercise.id
