"""`course new-exercise m04_1_ex5`: the skeletons of everything that an exercise consists of, in the places where they belong."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from course import canary
from course.authoring import source
from course.authoring.stub import number
from course.authoring.wiring import BEGIN, END
from course.grading.exercise import ID

CLOSING = re.compile(r"^# ## In this notebook we have", re.M)

DEFINITION = '''ex{n} = Exercise(
    id="{id}",
    title="TODO: verb and object, as in: Choose the input mode",
    pattern=1,  # TODO: of docs/exercise-patterns.md; None when it is plain code
    parts={{"shape": 1, "unseen": 2}},  # TODO: named sub-checks and their points
    evidence={{"choose": Function("choose(case: dict) -> str")}},  # TODO: what the check cell hands over
    skills={{"C01": ["TODO"], "C02": ["TODO"]}},  # of course/grading/skills.yaml
    topics=["TODO"],  # of course/grading/syllabus.yaml
    hints=("TODO: a nudge", "TODO: where to look", "TODO: nearly the code"),
)


@ex{n}.practice
def practice_{n}(answer: Answer, report: Report) -> None:
    """TODO: practice cases, which anyone may read. A message says what was called, what came back and what kind was expected."""
    got = answer.call("choose", {{"rows": 1_000}})
    report.part("shape", got in ("one", "other"), f"`choose(...)` returned {{got!r}}; expected `one` or `other`.")
'''
DEFINITIONS = '''"""The exercises of notebook {notebook}; their hidden checks are in {notebook}_hidden.py."""

from course.grading import Answer, Exercise, Function, Report, Value  # noqa: F401, a definition uses some of them
'''
HIDDEN = '''@ex{n}.graded
def graded_{n}(answer: Answer, report: Report) -> None:
    """TODO: cases drawn from `answer.rng`, twins that differ in one field, a score that no constant answer earns."""
    cases = [{{"rows": answer.rng.randrange(1, 1_000_000)}} for _ in range(40)]
    right = sum(answer.call("choose", case) == ("one" if case["rows"] < 10_000 else "other") for case in cases)
    report.part("shape", True, "")
    report.part("unseen", right / len(cases), f"{{right}} of {{len(cases)}} cases suit: where does your rule use `rows`?")
'''
HIDDENS = '''# {note}
"""The hidden checks of notebook {notebook}: they run in the grader's process only."""

from course.grading import Answer, Report
'''
RIGHT = '''"""Another way to write a right answer."""


def choose(case: dict) -> str:
    return "one" if case["rows"] < 10_000 else "other"
'''
WRONG = '''"""TODO: what the learner had in mind."""
# trips: unseen
# says: of 40 cases suit


def choose(case: dict) -> str:
    return "one"
'''
CELLS = '''# %% [markdown] exercise="{id}"
# TODO. Write `choose(case)` that returns ... One worked example: ... Not asked: ...


# %% answer="{id}"
def choose(case: dict) -> str:
    """TODO: what it returns."""
    {begin}
    return "one" if case["rows"] < 10_000 else "other"
    {end}


# %% check="{id}"
check("{id}", choose=choose)

# %% [markdown]
# TODO: what exercise {number} showed, and what comes next.

'''
WRONG_ANSWERS = ("wrong_always_the_same", "wrong_one_field_only", "wrong_the_other_way_round")


class ScaffoldError(Exception):
    """The exercise cannot be added; the message says why and what to do."""


def plan(root: Path, exercise_id: str) -> dict[Path, str]:
    """The files to write for a new exercise, by path, with their whole text.

    Raises
    ------
    ScaffoldError
        When the id is malformed or taken, or its lesson or notebook does not exist.
    """
    match = ID.fullmatch(exercise_id)
    if not match:
        raise ScaffoldError(f"{exercise_id!r} is not an exercise id; it looks like m04_1_ex5.")
    path = _source(root, match["notebook"])
    text = path.read_text(encoding="utf-8")
    words = {
        "id": exercise_id,
        "n": exercise_id.rpartition("_ex")[2],
        "notebook": match["notebook"],
        "number": number(exercise_id),
        "note": canary.NOTE,
        "begin": BEGIN,
        "end": END,
    }
    graders = root / "graders" / path.parent.name
    answers = graders / "answers" / exercise_id
    definitions, hidden = graders / f"{match['notebook']}.py", graders / f"{match['notebook']}_hidden.py"
    if f'"{exercise_id}"' in text or answers.exists() or (definitions.exists() and f'"{exercise_id}"' in definitions.read_text()):
        raise ScaffoldError(f"exercise {exercise_id} exists already; ids are never used twice.")
    return {
        path: _with_cells(text, CELLS.format_map(words)),
        definitions: _appended(definitions, DEFINITIONS.format_map(words), DEFINITION.format_map(words)),
        hidden: _importing(_appended(hidden, HIDDENS.format_map(words), HIDDEN.format_map(words)), words),
        answers / "right_written_differently.py": RIGHT,
        **{answers / f"{name}.py": WRONG for name in WRONG_ANSWERS},
    }


def _source(root: Path, notebook: str) -> Path:
    found = [path for path in (root / "solutions").glob("m*/m*.py") if source.is_source(path) and path.name.startswith(f"{notebook}_")]
    if len(found) != 1:
        raise ScaffoldError(f"{len(found)} sources are called solutions/*/{notebook}_*.py; write the one of the notebook first.")
    return found[0]


def _with_cells(text: str, cells: str) -> str:
    """The source with new cells before its closing sections, or at its end."""
    closing = CLOSING.search(text)
    if not closing:
        return text.rstrip("\n") + "\n\n" + cells.rstrip("\n") + "\n"
    start = text.rindex("# %%", 0, closing.start())
    return text[:start] + cells + text[start:]


def _appended(path: Path, opening: str, part: str) -> str:
    if path.exists():
        return path.read_text(encoding="utf-8").rstrip("\n") + "\n\n\n" + part
    return opening + "\n" + part


def _importing(text: str, words: Mapping[str, str]) -> str:
    """The hidden checks with the new definition among their imports."""
    known = re.search(rf"^from \.{words['notebook']} import (.+)$", text, re.M)
    names = sorted({*(re.split(r",\s*", known[1]) if known else ()), f"ex{words['n']}"}, key=lambda name: (len(name), name))
    line = f"from .{words['notebook']} import {', '.join(names)}"
    if known:
        return text.replace(known[0], line)
    return re.sub(r"^(from course\.grading import .+\n)\n*", rf"\1\n{line}\n\n\n", text, count=1, flags=re.M)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="course new-exercise", description="Write the skeletons of a new exercise.")
    parser.add_argument("id", help="for example m04_1_ex5")
    options = parser.parse_args(arguments)
    root = Path.cwd()
    try:
        files = plan(root, options.id)
    except ScaffoldError as error:
        print(f"new-exercise: {error}", file=sys.stderr)
        return 1
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(root))
    print("Now replace each TODO, then run: make notebooks")
    return 0


if __name__ == "__main__":
    sys.exit(main())
