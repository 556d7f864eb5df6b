"""Chooses what one `make run` executes and grades, by the day, so that its time stays the same as the course grows.

All lessons run while they fit. Once they no longer fit, the first lesson runs each day, and a part of the others that moves on from day
to day. The class is graded on two fixed lessons and on one more, the next in order each day. ``--date`` chooses another day and
``--all`` leaves nothing out; `make nightly` uses it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

# A reference notebook takes 15 to 75 s on two cores. Fourteen, two at a time, take 5 minutes and the class 2, of the 8 that are promised.
MOST_LESSONS = 14
ALWAYS_RUN = ("m00_",)
ALWAYS_GRADED = ("m00_", "m02_1_")


@dataclass(frozen=True, slots=True)
class RunPlan:
    """The notebooks of one run, in lesson order: those to execute, those not executed, and those that the class is graded on.

    ``reasons`` says in sentences, for a reader of the report, what was chosen and why.
    """

    executed: tuple[Path, ...]
    left_out: tuple[Path, ...]
    graded: tuple[Path, ...]
    reasons: tuple[str, ...]


def everything(sources: Sequence[Path]) -> RunPlan:
    """Execute every notebook, and grade the class on every notebook."""
    return RunPlan(tuple(sources), (), tuple(sources), ("All lessons ran, and the class was graded on all lessons.",))


def plan(sources: Sequence[Path], day: date, most: int = MOST_LESSONS) -> RunPlan:
    """Choose the notebooks of a day.

    Parameters
    ----------
    sources : sequence of Path
        All notebooks, in lesson order.
    day : date
        The same day gives the same plan.
    most : int
        Notebooks to execute; at least one more than those that are always executed.
    """
    executed = sources if len(sources) <= most else _rotating_part(sources, day, most)
    left_out = tuple(source for source in sources if source not in executed)
    graded = _graded(sources, day)
    reasons = (_why_executed(sources, left_out, most), _why_graded(sources, graded, day))
    return RunPlan(tuple(executed), left_out, graded, reasons)


def _rotating_part(sources: Sequence[Path], day: date, most: int) -> list[Path]:
    """The fixed notebooks, and the window of a day over the others: windows of days in a row follow each other, without a gap."""
    fixed = [source for source in sources if source.name.startswith(ALWAYS_RUN)]
    others = [source for source in sources if source not in fixed]
    size = most - len(fixed)
    first = day.toordinal() * size
    chosen = {others[(first + i) % len(others)] for i in range(size)} | set(fixed)
    return [source for source in sources if source in chosen]


def _graded(sources: Sequence[Path], day: date) -> tuple[Path, ...]:
    fixed = [source for source in sources if source.name.startswith(ALWAYS_GRADED)]
    others = [source for source in sources if source not in fixed]
    turn = {others[day.toordinal() % len(others)]} if others else set()
    return tuple(source for source in sources if source in turn or source in fixed)


def _why_executed(sources: Sequence[Path], left_out: Sequence[Path], most: int) -> str:
    if not left_out:
        return f"All {len(sources)} lessons ran."
    names = ", ".join(source.stem for source in left_out)
    return (
        f"{most} of {len(sources)} lessons ran: the first, and a part of the others that changes every day. Not run today: {names}. "
        "`make nightly` runs all."
    )


def _why_graded(sources: Sequence[Path], graded: Sequence[Path], day: date) -> str:
    if len(graded) == len(sources):
        return "The class was graded on all lessons."
    names = ", ".join(source.stem for source in graded if not source.name.startswith(ALWAYS_GRADED))
    return (
        f"The class was graded on the first lesson, on m02_1, and on one lesson that changes every day: {names} on {day.isoformat()}. "
        "`make nightly` grades all."
    )
