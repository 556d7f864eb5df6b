"""`course new-exercise m04_1_ex5`: writes a skeleton of every part of an exercise."""

from __future__ import annotations

import argparse
import ast
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from course import canary
from course.authoring import source
from course.authoring.consistency import BEGIN, END
from course.authoring.stub import number
from course.grading import vocabulary
from course.grading.exercise.definition import ID

LINE = 140  # characters, as pyproject.toml tells ruff
CLOSING = re.compile(r"^# ## In this notebook we have", re.M)

DEFINITION = '''ex{n} = Exercise(
    id="{id}",
    title="TODO: verb and object, as in: Choose the input mode",
    pattern=1,  # TODO: of docs/exercise-patterns.md; None when it is plain code
    parts={{"practice": 0.25, "unseen": 1.75}},  # TODO: named sub-checks and their points, the first to read first
    evidence={{"choose": Function("choose(case: dict) -> str")}},  # TODO: what the check cell hands over
    skills={skills},  # TODO: of course/grading/skills.yaml
    topics={topics},  # TODO: of course/grading/syllabus.yaml
    seconds=5,
    hints=("TODO: a nudge", "TODO: where to look", "TODO: nearly the code"),
)


def choice_{n}(answer: Answer, report: Report, case: dict, part: str) -> str | None:
    """The learner's choice; reports the part and returns None when it is none."""
    got = answer.call("choose", case)
    said = f"`choose({{case}})` returned {{got!r}}; expected one of the two words of the table."
    return got if report.part(part, got in ("one", "other"), said) else None


@ex{n}.practice
def practice_{n}(answer: Answer, report: Report) -> None:
    """TODO: cases that anyone may read. A message says what was called, what came back and what kind was expected, never the answer."""
    for rows, suits in ((1_000, "one"), (50_000, "other")):
        got = choice_{n}(answer, report, {{"rows": rows}}, "practice")
        said = f"`choose(...)` returned {{got!r}} for {{rows}} rows, which does not suit: what does the table say of `rows`?"
        if got is None or not report.part("practice", got == suits, said):
            return
'''
DEFINITIONS = '''"""The exercises of notebook {notebook}; their hidden checks are in {notebook}_hidden.py."""
'''
HIDDEN = '''@ex{n}.graded
def graded_{n}(answer: Answer, report: Report) -> None:
    """TODO: cases drawn from `answer.rng`, some on the borders, twins that differ in one field; no constant answer earns."""
    drawn = [rows for _ in range(19) for rows in (answer.rng.randint(1, 9_998), answer.rng.randint(10_001, 1_000_000))]
    cases = [{{"rows": rows}} for rows in answer.rng.sample([*drawn, 9_999, 10_000], 40)]
    given = [choice_{n}(answer, report, case, "unseen") for case in cases]
    wanted = ["one" if case["rows"] < 10_000 else "other" for case in cases]
    right = sum(got == want for got, want in zip(given, wanted, strict=True))
    said = f"{{right}} of 40 unseen cases got what suits them: where does your rule use `rows`?"
    report.part("unseen", rule_share(given, [{{want}} for want in wanted]), said)
'''
HIDDENS = '''# {note}
"""The hidden checks of notebook {notebook}: they run in the grader's process only."""
'''
RIGHT = """def choose(case):
    return "other" if case["rows"] >= 10_000 else "one"
"""
WRONG = '''"""TODO: what the learner had in mind: {mind}"""

# trips: {trips}
# says: {says}


def choose(case):
    return {result}
'''
WRONGS = {
    "wrong_always_the_same": ("One tool does everything.", "unseen", "where does your rule use `rows`", '"one"'),
    "wrong_the_other_way_round": (
        "Much data takes the small tool.",
        "practice",
        "which does not suit",
        '"other" if case["rows"] < 10_000 else "one"',
    ),
    "wrong_word": ("Any word will do.", "practice", "expected one of the two words", '"the first"'),
}
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
STEPS = """
Step 1 is done. The skeleton passes the gate; now make it your exercise:
2. {source}: the text and the reference answer; name the exercise behind a goal of the opening
3. {definitions}: title, parts, evidence, hints, practice check
4. {hidden} and {answers}: the graded check, right and wrong answers
5. python -m course.authoring.lint && python -m course.grading.gate {notebook} --mutants all --record && make notebooks"""


class ScaffoldError(Exception):
    """The exercise cannot be added; the message says why and what to do."""


def plan(root: Path, exercise_id: str) -> dict[Path, str]:
    """The files to write for a new exercise: path to whole text.

    Raises
    ------
    ScaffoldError
        When the id is malformed or taken, or its lesson or notebook does not exist.
    SyntaxError
        When the existing definitions are not Python.
    """
    match = ID.fullmatch(exercise_id)
    if not match:
        raise ScaffoldError(f"{exercise_id!r} is not an exercise id; it looks like m04_1_ex5.")
    path = _source(root, match["notebook"])
    text = path.read_text(encoding="utf-8")
    graders = root / "graders" / path.parent.name
    answers = graders / "answers" / exercise_id
    definitions, hidden = graders / f"{match['notebook']}.py", graders / f"{match['notebook']}_hidden.py"
    if f'"{exercise_id}"' in text or answers.exists() or (definitions.exists() and f'"{exercise_id}"' in definitions.read_text()):
        raise ScaffoldError(f"exercise {exercise_id} exists already; ids are never used twice.")
    skills, topics = _purpose(definitions, match["lesson"])
    n = exercise_id.rpartition("_ex")[2]
    words = {
        "id": exercise_id,
        "n": n,
        "notebook": match["notebook"],
        "number": number(exercise_id),
        "note": canary.NOTE,
        "begin": BEGIN,
        "end": END,
        "skills": json.dumps(skills),
        "topics": json.dumps(topics),
    }
    defined = _appended(definitions, DEFINITIONS.format_map(words), DEFINITION.format_map(words))
    checked = _appended(hidden, HIDDENS.format_map(words), HIDDEN.format_map(words))
    checked = _importing(checked, f".{match['notebook']}", f"choice_{n}", f"ex{n}")
    checked = _importing(checked, "course.grading.scoring", "rule_share")
    return {
        path: _with_cells(text, CELLS.format_map(words)),
        definitions: _importing(defined, "course.grading", "Answer", "Exercise", "Function", "Report"),
        hidden: _importing(checked, "course.grading", "Answer", "Report"),
        answers / "right_written_differently.py": RIGHT,
        **{
            answers / f"{name}.py": WRONG.format(mind=mind, trips=trips, says=says, result=result)
            for name, (mind, trips, says, result) in WRONGS.items()
        },
    }


def _purpose(definitions: Path, lesson: str) -> tuple[dict, list]:
    """The first skills and topics: those of the notebook's last exercise, otherwise the lesson's first topic."""
    tree = ast.parse(definitions.read_text(encoding="utf-8")) if definitions.exists() else ast.parse("")
    keywords = [keyword for node in ast.walk(tree) if isinstance(node, ast.Call) for keyword in node.keywords]
    named = {keyword.arg: ast.literal_eval(keyword.value) for keyword in keywords if keyword.arg in ("skills", "topics")}
    of_lesson = [topic for topic, row in vocabulary.topics().items() if lesson in row["lessons"]] or [*vocabulary.topics()]
    first = {exam: [next(iter(vocabulary.skills(exam)))] for exam in vocabulary.EXAMS}
    return named.get("skills", first), named.get("topics", of_lesson[:1])


def _source(root: Path, notebook: str) -> Path:
    found = [path for path in (root / "solutions").glob("m*/m*.py") if source.is_source(path) and path.name.startswith(f"{notebook}_")]
    if len(found) != 1:
        raise ScaffoldError(f"{len(found)} sources are called solutions/*/{notebook}_*.py; write the one of the notebook first.")
    return found[0]


def _with_cells(text: str, cells: str) -> str:
    """The source with the new cells before its closing sections, or at its end."""
    closing = CLOSING.search(text)
    if not closing:
        return text.rstrip("\n") + "\n\n" + cells.rstrip("\n") + "\n"
    start = text.rindex("# %%", 0, closing.start())
    return text[:start] + cells + text[start:]


def _appended(path: Path, opening: str, part: str) -> str:
    if path.exists():
        return path.read_text(encoding="utf-8").rstrip("\n") + "\n\n\n" + part
    return opening + "\n" + part


def _importing(text: str, module: str, *names: str) -> str:
    """The code with these names imported from a module: in its import line if there is one, otherwise in a new line."""
    known = re.search(rf"^from {re.escape(module)} import (\([^)]*\)|.+)$", text, re.M)
    there = re.findall(r"\w+", re.sub(r"#.*", "", known[1])) if known else []
    line = f"from {module} import {', '.join(sorted({*there, *names}, key=_as_ruff_sorts))}"
    if len(line) > LINE:
        line = line.replace("import ", "import (\n    ", 1).replace(", ", ",\n    ") + ",\n)"
    if known:
        return text[: known.start()] + line + text[known.end() :]
    others = [found for found in re.finditer(r"^from (\S+) import (?:\([^)]*\)|.+)\n", text, re.M)]
    after = [found for found in others if _as_ruff_places(found[1]) <= _as_ruff_places(module)]
    if after:
        gap = "\n" if module.startswith(".") and not after[-1][1].startswith(".") else ""
        return text[: after[-1].end()] + gap + line + "\n" + text[after[-1].end() :]
    opening = re.match(r'(?:#.*\n)*"""(?:.|\n)*?"""\n', text)
    gap = "" if others else "\n\n"
    return text[: opening.end()] + "\n" + line + "\n" + gap + text[opening.end() :].lstrip("\n")


def _as_ruff_places(module: str) -> tuple[bool, str]:
    return module.startswith("."), module


def _as_ruff_sorts(name: str) -> tuple:
    """ruff's order: constants, classes, then the rest; numbers by their size."""
    kind = 0 if name.isupper() else 1 if name[0].isupper() else 2
    return kind, [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="course new-exercise", description="Write the skeletons of a new exercise.")
    parser.add_argument("id", help="for example m04_1_ex5")
    options = parser.parse_args(arguments)
    root = Path.cwd()
    try:
        files = plan(root, options.id)
    except (ScaffoldError, SyntaxError) as error:
        print(f"course new-exercise: {error}", file=sys.stderr)
        return 1
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(root))
    source_path, definitions, hidden, right, *_ = (path.relative_to(root) for path in files)
    notebook = definitions.stem
    print(STEPS.format(source=source_path, definitions=definitions, hidden=hidden, answers=f"{right.parent}/", notebook=notebook))
    return 0


if __name__ == "__main__":
    sys.exit(main())
