"""`course coverage`: which topics of the syllabus and which exam skills no exercise covers yet.

A report, never a failure: lessons that are not written yet leave gaps, and the report says which lesson is to fill each.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from course.grading import DefinitionError, Exercise, catalogue, vocabulary


@dataclass(frozen=True)
class Gap:
    """A row that no exercise names. ``of`` is the exam of a skill, or the lessons that own a topic; ``written`` whether one exists."""

    id: str
    text: str
    of: tuple[str, ...]
    written: bool = False


def topics(exercises: Iterable[Exercise]) -> list[Gap]:
    """The topics that no exercise names, in the syllabus's order."""
    known = list(exercises)
    named, lessons = {topic for exercise in known for topic in exercise.topics}, {exercise.lesson for exercise in known}
    return [
        Gap(name, topic["title"], tuple(topic["lessons"]), bool(lessons & set(topic["lessons"])))
        for name, topic in vocabulary.topics().items()
        if name not in named
    ]


def skills(exercises: Iterable[Exercise], exam: str) -> list[Gap]:
    """The skills of an exam that no exercise names, in the guide's order."""
    named = {skill for exercise in exercises for skill in exercise.skills.get(exam, ())}
    return [Gap(name, skill["text"], (exam,)) for name, skill in vocabulary.skills(exam).items() if name not in named]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="course coverage", description=__doc__.split("\n")[0])
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="the course's folder (default: here)")
    options = parser.parse_args(arguments)
    try:
        exercises = list(catalogue.exercises(options.root.resolve() / "graders").values())
    except DefinitionError as error:
        print(f"course coverage: {error}", file=sys.stderr)
        return 1
    if not exercises:
        print(f"course coverage: no exercises under {options.root / 'graders'}; run it in the course's folder.", file=sys.stderr)
        return 2
    _print(exercises, Console())
    return 0


def _print(exercises: list[Exercise], console: Console) -> None:
    gaps = topics(exercises)
    table = Table("topic without an exercise", "what", "lesson", title="Syllabus", title_justify="left")
    for gap in gaps:
        table.add_row(gap.id, escape(gap.text), f"{', '.join(gap.of)}{'' if gap.written else ' (not written yet)'}")
    console.print(table)
    totals = [f"{len(vocabulary.topics()) - len(gaps)} of {len(vocabulary.topics())} topics"]
    for exam in vocabulary.EXAMS:
        missing = skills(exercises, exam)
        table = Table("skill without an exercise", "what", title=f"MLA-{exam}", title_justify="left")
        for gap in missing:
            table.add_row(gap.id, escape(gap.text))
        console.print(table)
        known = len(vocabulary.skills(exam))
        totals.append(f"{known - len(missing)} of {known} skills of MLA-{exam}")
    console.print(f"{len(exercises)} exercises cover {', '.join(totals)}.", highlight=False)


if __name__ == "__main__":
    sys.exit(main())
