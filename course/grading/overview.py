"""`docs/graders.md`: how far the checks of each exercise can be trusted. ``python -m course.grading.overview`` writes it.

It derives everything from the definitions, their test answers and the gate's records; it runs no exercise.
"""

from __future__ import annotations

import argparse
import functools
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from course.grading import catalogue
from course.grading.errors import DefinitionError
from course.grading.exercise.exercise import Exercise
from course.grading.gate import mutation, record
from course.grading.gate.candidates import code_cells, source_of
from course.grading.gate.guesser import LIMIT
from course.grading.gate.mutants import fingerprint, mutants
from course.grading.render import number

PAGE = Path("docs", "graders.md")
RUN = "python -m course.grading.gate {} --mutants all --record"
OPENING = """\
# How far the graders can be trusted

<!-- Written by `python -m course.grading.overview` from what the gate recorded; not edited. -->

Each row is an exercise. The gate tries its checks on answers whose worth is known ([Grading](grading.md) explains how): right answers and
foreseeable mistakes written by hand, *mutants* of the reference answer (one small change each, such as `<` for `<=`), guessers that
understand nothing, and a *thief*, who hands in what code that learners can import says.

*Practice holds* counts the wrong answers that the check in the notebook does not find; only `judge` finds them. At most {most:.0%} of the
course's wrong answers may hold.

A mutant is killed when it does not earn all points. Some mutants are equivalent to the reference; the author of an exercise labels them so,
one by one, in `survivors.yaml`. The table therefore gives the rate twice: the share killed of all mutants, and the share killed of those
that are not labelled equivalent. The gate asks for at least {killed:.0%} of the second; guessers and the thief may earn {limit:.0%} of the
points.
"""
COLUMNS = (
    "exercise",
    "parts and points",
    "right",
    "wrong",
    "practice holds",
    "mutants killed",
    "of all",
    "of those not equivalent",
    "survivors",
    *record.GUESSERS,
    "recorded",
)
SURVIVORS = """
## Mutants that survive

Counted by reason. The full list is in `survivors.yaml`, beside each exercise's answers. *Equivalent* mutants do what the reference does, or
what the exercise's text also allows: they are right answers. The others show what the checks do not look at, and why.
"""


def page(root: Path) -> str:
    """The text of the page for the course in ``root``."""
    graders = root / "graders"
    exercises = list(catalogue.exercises(graders).values())
    rows = [_row(exercise, graders) for exercise in exercises]
    table = [line(COLUMNS), line(["---"] * 2 + ["--:"] * (len(COLUMNS) - 3) + ["---"]), *map(line, rows)]
    total: Counter[str] = Counter()
    for exercise in exercises:
        kept = record.read(exercise.id, graders)
        if kept and "mutants" in kept:
            total += Counter({name: kept["mutants"][name] for name in ("tried", "killed", "equivalent")})
    practice = sum((record.practice_score(exercise.id, graders) for exercise in exercises), record.PracticeScore())
    opening = OPENING.format(killed=mutation.LEAST, limit=LIMIT, most=record.MOST)
    survivors = [line(("exercise", "mutants", "reason")), line(("---", "--:", "---")), *_survivors(exercises, graders)]
    return "\n".join([opening, *table, "", practice.sentence, _total(total), SURVIVORS, *survivors]) + "\n"


def _total(total: Mapping[str, int]) -> str:
    tried, killed, equivalent = (total[name] for name in ("tried", "killed", "equivalent"))
    if not tried:
        return "No mutants are recorded."
    return (
        f"In all, {killed:,} of {tried:,} mutants are killed: {killed / tried:.1%} of all mutants. {tried - killed} survive, of which "
        f"{equivalent} are labelled equivalent. Without these, {killed:,} of {tried - equivalent:,} are killed: "
        f"{killed / (tried - equivalent):.1%}."
    )


def stale(root: Path) -> list[str]:
    """What to do about each exercise whose reference answer has other mutants than the recorded ones."""
    graders, found = root / "graders", []
    cells_of = functools.cache(lambda notebook: code_cells(source_of(notebook, root / "solutions")))
    for exercise in catalogue.exercises(graders).values():
        answer = next(cell.text for cell in cells_of(exercise.notebook) if cell.role == "answer" and cell.exercise == exercise.id)
        kept = record.read(exercise.id, graders)
        if kept and "mutants" in kept and kept["mutants"]["of"] != fingerprint(mutants(answer)):
            found.append(f"{exercise.id}: its reference answer has changed; run `{RUN.format(exercise.notebook)}`.")
    return found


def _row(exercise: Exercise, graders: Path) -> list[str]:
    kept = record.read(exercise.id, graders)
    names = [path.stem for path in graders.glob(f"*/answers/{exercise.id}/*.py")]
    found = ["not tried yet", "–", "–", "–", *("–" for _ in record.GUESSERS), "–"]
    if kept and "mutants" in kept:
        tried, killed, equivalent = (kept["mutants"][name] for name in ("tried", "killed", "equivalent"))
        rates = [_rate(killed, tried), _rate(killed, tried - equivalent)]
        guessed = [f"{kept['guessers'][name]:.0%}" if name in kept["guessers"] else "–" for name in record.GUESSERS]
        found = [f"{killed} of {tried}", *rates, str(tried - killed), *guessed, str(kept["date"])]
    return [
        f"`{exercise.id}` {exercise.title}",
        ", ".join(f"{part} {number(points)}" for part, points in exercise.parts.items()),
        str(sum(name.startswith("right_") for name in names)),
        str(sum(name.startswith("wrong_") for name in names)),
        str(record.practice_score(exercise.id, graders).hold) if kept and "practice" in kept else "–",
        *found,
    ]


def _rate(killed: int, tried: int) -> str:
    return f"{killed / tried:.0%}" if tried else "–"


def _survivors(exercises: list[Exercise], graders: Path) -> Iterator[str]:
    for exercise in exercises:
        for reason, count in Counter(mutation.listed(exercise, graders).values()).items():
            yield line((f"`{exercise.id}`", str(count), reason))


def line(cells: Any) -> str:
    """A row of a Markdown table."""
    return f"| {' | '.join(cells)} |"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m course.grading.overview", description="Write docs/graders.md.")
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="the course's folder (default: here)")
    options = parser.parse_args(arguments)
    try:
        (options.root / PAGE).write_text(page(options.root), encoding="utf-8")
    except (DefinitionError, FileNotFoundError) as error:
        print(f"overview: {error}", file=sys.stderr)
        return 1
    print(options.root / PAGE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
