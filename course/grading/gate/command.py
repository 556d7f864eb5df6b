"""The command line of the gate."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from rich.table import Table

from course.grading import gate, render
from course.grading.errors import DefinitionError
from course.grading.gate import record
from course.grading.gate.exercise_trial import DRAWS, CandidateResult
from course.grading.gate.judging import ALL_MUTANTS, NO_MUTANTS, OnProgress, judge, notebooks
from course.terminal import Terminal

PRACTICE = {None: "", True: "holds", False: "shows it"}  # by `CandidateResult.holds`


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    root = options.root.resolve()
    table = Table("exercise", "candidate", "points", "practice", "problem")
    try:
        chosen = (options.notebooks or notebooks(root))[options.part[0] - 1 :: options.part[1]]
        with _progress(Terminal(stderr=True)) as on_progress:
            findings = [finding for notebook in chosen for finding in judge(notebook, root, options.mutants, on_progress, options.draws)]
        if options.record:
            record.write(findings, root / "graders")
    except (DefinitionError, FileNotFoundError) as error:
        print(f"gate: {error}", file=sys.stderr)
        return 1
    for finding in findings:
        earned = f"{render.number(finding.score)} of {render.number(finding.points)}"
        table.add_row(finding.exercise, _called(finding), earned, PRACTICE[finding.holds], finding.problem or "as it must be")
    Terminal().print(table)
    practice = record.PracticeScore.of(findings)
    print(f"{practice.sentence} At most {record.MOST:.0%} of the course's may.")
    too_many = practice.share > record.MOST and not options.notebooks and options.part == (1, 1)
    return 1 if too_many or any(finding.problem for finding in findings) else 0


@contextlib.contextmanager
def _progress(terminal: Terminal) -> Iterator[OnProgress]:
    """What is tried now: a line that changes on a terminal, a line for each elsewhere."""
    if not terminal.is_terminal:
        yield lambda exercise, what: terminal.say(f"{exercise}: {what}")
        return
    with terminal.status("") as status:
        yield lambda exercise, what: status.update(f"{exercise}: {what}")


def _called(finding: CandidateResult) -> str:
    score = finding.mutants
    return f"{score.killed} of {score.tried} mutants" if score else finding.candidate


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m course.grading.gate", description=gate.__doc__.split("\n")[0])
    parser.add_argument("notebooks", nargs="*", metavar="NOTEBOOK", help="for example m04_1, or one exercise, m04_1_ex2; default: all")
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="the course's folder (default: here)")
    parser.add_argument(
        "--mutants",
        type=_number_of_mutants,
        default=NO_MUTANTS,
        metavar="N|all",
        help="number of mutants to try of each reference (default: 0)",
    )
    parser.add_argument(
        "--draws",
        type=int,
        default=len(DRAWS),
        metavar="N",
        help="draws on which right answers are tried with rounded numbers (default: %(default)s)",
    )
    parser.add_argument(
        "--part",
        type=part,
        default=(1, 1),
        metavar="K/N",
        help="every Nth notebook, from the Kth; today/N chooses K by the date, so that N days in a row try all",
    )
    parser.add_argument(
        "--record", action="store_true", help=f"write the results to answers/*/{record.NAME}; without mutants, those of practice"
    )
    options = parser.parse_args(arguments)
    if options.record and options.mutants not in (NO_MUTANTS, ALL_MUTANTS):
        parser.error("--record takes --mutants all, or none")
    return options


def _number_of_mutants(text: str) -> int | None:
    return ALL_MUTANTS if text == "all" else int(text)


def part(text: str, today: date | None = None) -> tuple[int, int]:
    """``K/N`` as two numbers. ``today/N`` takes K from the date: N days in a row have all parts. Raises ValueError for other texts."""
    chosen, _, parts = text.partition("/")
    of = int(parts)
    number = (today or date.today()).toordinal() % of + 1 if chosen == "today" else int(chosen)
    if not 1 <= number <= of:
        raise ValueError(text)
    return number, of
