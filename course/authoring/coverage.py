"""`course coverage`: which topics of the syllabus and which exam skills no exercise covers yet.

It only reports: lessons that are not written yet leave gaps, and the report says which lesson should fill each. With ``--write`` it
also writes `docs/coverage.md`, which lists the exercises that cover each topic and skill.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from course.grading import DefinitionError, Exercise, catalogue, vocabulary
from course.grading.overview import line
from course.terminal import Terminal


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


Index = dict[Any, list[str]]  # the ids of exercises by what they name
PAGE = Path("docs", "coverage.md")
OPENING = """\
# What the exercises cover

<!-- Written by `course coverage --write` from the exercises, the syllabus and the skills of the exam; not edited. -->

Every exercise is graded, and covers the topics and skills that its definition names. A dash is a gap; the row of a topic also names the
lesson that should close it. The wording of the skills is ours; AWS's exam guides are the authority.
"""


def page(exercises: Sequence[Exercise]) -> str:
    """The text of the page: the topics of the syllabus, then the skills of MLA-C02 with those of MLA-C01 they come from."""
    by_topic, by_skill = _index(exercises, lambda each: each.topics), _index(exercises, _named_skills)
    lines = [
        OPENING,
        "## Syllabus",
        "",
        *_table(("topic", "what", "a learner can afterwards", "lessons", "exercises"), _syllabus(by_topic)),
    ]
    lines += ["", "## MLA-C02, with what it took over from MLA-C01", ""]
    lines += ["*new* marks skills that AWS calls new. An exercise may name a skill of MLA-C01 alone: it counts there.", ""]
    lines += _table(("skill", "what", "from MLA-C01 (its exercises)", "exercises"), _second_exam(by_skill))
    lines += ["", "## The rest of MLA-C01", "", "What no skill of MLA-C02 names for itself; *dropped* is what AWS took out.", ""]
    lines += _table(("skill", "what", "exercises"), _rest_of_the_first_exam(by_skill))
    return "\n".join([*lines, "", _totals(exercises)]) + "\n"


def _syllabus(by_topic: Index) -> Iterator[tuple[str, ...]]:
    for name, topic in vocabulary.topics().items():
        yield name, topic["title"], topic["learner_can"], ", ".join(topic["lessons"]), _ids(by_topic.get(name, ()))


def _second_exam(by_skill: Index) -> Iterator[tuple[str, ...]]:
    old = vocabulary.skills("C01")
    for name, skill in vocabulary.skills("C02").items():
        before = [f"{each} {old[each]['text']} ({_ids(by_skill.get(('C01', each), ()))})" for each in skill.get("from", ())]
        title = f"{skill['text']}{' *new*' if skill.get('new') else ''}"
        yield name, title, "; ".join(before) or "–", _ids(by_skill.get(("C02", name), ()))


def _rest_of_the_first_exam(by_skill: Index) -> Iterator[tuple[str, ...]]:
    kept = {each for skill in vocabulary.skills("C02").values() for each in skill.get("from", ())}
    for name, skill in vocabulary.skills("C01").items():
        if name not in kept:
            title = f"{skill['text']}{' *dropped*' if skill.get('dropped_in_c02') else ''}"
            yield name, title, _ids(by_skill.get(("C01", name), ()))


def _named_skills(exercise: Exercise) -> list[tuple[str, str]]:
    return [(exam, skill) for exam, named in exercise.skills.items() for skill in named]


def _index(exercises: Iterable[Exercise], names: Callable[[Exercise], Iterable[Any]]) -> Index:
    found: Index = {}
    for exercise in exercises:
        for name in names(exercise):
            found.setdefault(name, []).append(exercise.id)
    return found


def _ids(exercises: Iterable[str]) -> str:
    return ", ".join(f"`{each}`" for each in exercises) or "–"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [line(cells) for cells in (head, ["---"] * len(head), *rows)]


def _totals(exercises: Sequence[Exercise]) -> str:
    gaps = topics(exercises)
    said = [f"{len(vocabulary.topics()) - len(gaps)} of {len(vocabulary.topics())} topics"]
    for exam in vocabulary.EXAMS:
        known = len(vocabulary.skills(exam))
        said.append(f"{known - len(skills(exercises, exam))} of {known} skills of MLA-{exam}")
    return f"{len(exercises)} exercises cover {', '.join(said)}."


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="course coverage", description=__doc__.split("\n")[0])
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="the course's folder (default: here)")
    parser.add_argument("--write", action="store_true", help=f"also write {PAGE}")
    options = parser.parse_args(arguments)
    try:
        exercises = list(catalogue.exercises(options.root.resolve() / "graders").values())
    except DefinitionError as error:
        print(f"course coverage: {error}", file=sys.stderr)
        return 1
    if not exercises:
        print(f"course coverage: no exercises under {options.root / 'graders'}; run it in the course's folder.", file=sys.stderr)
        return 2
    _print(exercises, Terminal())
    if options.write:
        (options.root / PAGE).write_text(page(exercises), encoding="utf-8")
    return 0


def _print(exercises: list[Exercise], terminal: Terminal) -> None:
    gaps = topics(exercises)
    table = Table("topic without an exercise", "what", "lesson", title="Syllabus", title_justify="left")
    for gap in gaps:
        table.add_row(gap.id, gap.text, f"{', '.join(gap.of)}{'' if gap.written else ' (not written yet)'}")
    terminal.print(table)
    for exam in vocabulary.EXAMS:
        table = Table("skill without an exercise", "what", title=f"MLA-{exam}", title_justify="left")
        for gap in skills(exercises, exam):
            table.add_row(gap.id, gap.text)
        terminal.print(table)
    terminal.say(_totals(exercises))


if __name__ == "__main__":
    sys.exit(main())
