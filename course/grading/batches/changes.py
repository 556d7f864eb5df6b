"""The scores that a new grading changed, and the causes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rich.table import Table

from course.grading import render
from course.grading.batches.result import UNGRADED, Result

CAUSES = {"submission": "handed in anew", "checks": "other checks", "seed": "another seed", "packages": "other packages"}


@dataclass(frozen=True)
class Change:
    """A changed score on one exercise; None means that it needs a human. ``causes`` are the values of `CAUSES` that apply."""

    student: str
    exercise: str
    before: float | None
    now: float | None
    causes: tuple[str, ...]


def changes(pairs: Iterable[tuple[Result, Result]]) -> Iterator[Change]:
    """The changes from pairs of an old and a new result; skips pairs of which one is ungraded."""
    for old, new in pairs:
        if UNGRADED in (old.status, new.status):
            continue
        causes = tuple(said for name, said in CAUSES.items() if getattr(old, name) != getattr(new, name))
        for name, each in new.exercises.items():
            if name in old.exercises and each["score"] != old.exercises[name]["score"]:
                yield Change(new.student, name, old.exercises[name]["score"], each["score"], causes)


def table(found: Iterable[Change]) -> Table:
    shown = Table("student", "exercise", "before", "now", "because of", title="Scores that changed")
    for change in found:
        shown.add_row(change.student, change.exercise, _points(change.before), _points(change.now), ", ".join(change.causes) or "the run")
    return shown


def _points(score: float | None) -> str:
    return "needs a human" if score is None else render.number(score)
