"""`make notebooks`: derive the solution notebooks and, through nbgrader's own `generate_assignment`, the learners' notebooks.

Everything is derived in a scratch copy first and only then compared (`--check`) or written; a source that fails leaves all as it was.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from nbgrader.apps import NbGraderAPI
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from course import canary
from course.authoring import notebook, source
from course.authoring.source import SourceError
from course.grading import Exercise, catalogue

SOLUTIONS, RELEASE = "solutions", "notebooks"
SCRATCH = (".ipynb_checkpoints", "__pycache__")


class NotebookBuildError(Exception):
    """nbgrader refused an assignment, or something that learners must not have would be released."""


def lessons(root: Path) -> list[str]:
    """The lessons that have a source, in order."""
    return sorted({path.parent.name for path in (root / SOLUTIONS).glob("m*/m*.py") if source.is_source(path)})


def derive(root: Path, lesson: str, exercises: Mapping[str, Exercise], stage: Path) -> dict[Path, bytes]:
    """All derived files of a lesson by their path below ``root``: solution notebooks, and what learners get.

    ``stage`` is an empty folder to work in; one for several lessons saves nbgrader the making of its database.

    Raises
    ------
    SourceError
        When a source cannot become a notebook.
    BuildError
        When nbgrader fails, or a reference answer would reach learners.
    """
    derived: dict[Path, bytes] = {}
    for path in sorted((root / SOLUTIONS / lesson).glob("m*.py")):
        if not source.is_source(path):
            continue
        if path.name[:3] != lesson[:3]:
            raise SourceError(f"{source.place(path, 1)}: a notebook of lesson {lesson} begins with {lesson[:3]}.")
        text = notebook.to_text(notebook.solution(source.read(path), exercises))
        derived[Path(SOLUTIONS, lesson, path.with_suffix(".ipynb").name)] = text.encode()
    ignore = shutil.ignore_patterns("*.ipynb", *SCRATCH)
    shutil.copytree(root / SOLUTIONS / lesson, stage / SOLUTIONS / lesson, ignore=ignore)
    for path, content in derived.items():
        (stage / path).write_bytes(content)
    _generate_assignment(root, stage, lesson)
    if leaked := canary.leaks(stage / RELEASE / lesson):
        names = ", ".join(name.removeprefix(f"{stage}/") for name in leaked)
        raise NotebookBuildError(f"learners would get {names}; add a pattern to CourseDirectory.ignore in nbgrader_config.py.")
    released = [path for path in (stage / RELEASE / lesson).rglob("*") if path.is_file()]
    return derived | {path.relative_to(stage): path.read_bytes() for path in released}


def _generate_assignment(root: Path, stage: Path, lesson: str) -> None:
    config = Config()
    if (root / "nbgrader_config.py").is_file():
        config = PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()
    config.CourseDirectory.root = str(stage)
    config.CourseDirectory.db_url = f"sqlite:///{stage / 'gradebook.db'}"  # the class's own gradebook is not an author's to change
    result = NbGraderAPI(config=config).generate_assignment(lesson)
    if not result["success"]:
        raise NotebookBuildError(f"nbgrader generate_assignment {lesson} failed:\n{result.get('log') or result.get('error')}")


def existing(root: Path, lesson: str) -> set[Path]:
    """The derived files of a lesson that are there now."""
    found = [*(root / SOLUTIONS / lesson).glob("*.ipynb"), *(root / RELEASE / lesson).rglob("*")]
    return {path.relative_to(root) for path in found if path.is_file() and not set(SCRATCH) & set(path.parts)}


def differences(root: Path, lesson: str, derived: Mapping[Path, bytes]) -> list[str]:
    """What is not as derived: a line for each file."""
    lines = []
    for path, content in sorted(derived.items()):
        if not (root / path).is_file():
            lines.append(f"{path} is missing")
        elif (root / path).read_bytes() != content:
            lines.append(f"{path} differs from what its source gives")
    return lines + [f"{path} comes from no source" for path in sorted(existing(root, lesson) - set(derived))]


def write(root: Path, lesson: str, derived: Mapping[Path, bytes]) -> int:
    """Bring the files up to date, leaving those alone that are; returns how many changed."""
    changed = 0
    for path, content in derived.items():
        target = root / path
        if target.is_file() and target.read_bytes() == content:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        changed += 1
    for path in existing(root, lesson) - set(derived):
        (root / path).unlink()
        changed += 1
    return changed


def run(root: Path, wanted: Sequence[str], check: bool) -> list[str]:
    """Derive lessons and write or compare them; returns what is wrong, a line each.

    Raises
    ------
    SourceError, BuildError
    """
    known = lessons(root)
    if unknown := [lesson for lesson in wanted if lesson not in known]:
        raise NotebookBuildError(f"no lesson {', '.join(unknown)}; there are {', '.join(known) or 'none yet'}.")
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as scratch:
        for lesson in wanted or known:
            derived = derive(root, lesson, catalogue.exercises(root / "graders"), Path(scratch).resolve())
            if check:
                wrong += differences(root, lesson, derived)
            else:
                print(f"{lesson}: {write(root, lesson, derived)} of {len(derived)} files changed")
    if not wanted:
        leftover = {path.name for folder in (SOLUTIONS, RELEASE) for path in (root / folder).glob("m*") if path.is_dir()} - set(known)
        wrong += [f"{name} has no source in {SOLUTIONS}/{name}; delete its folder" for name in sorted(leftover)]
    return wrong


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make notebooks", description="Derive the notebooks from their sources.")
    parser.add_argument("lessons", nargs="*", metavar="LESSON", help="for example m04_training; all when none is named")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a notebook is not what its source gives")
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="the course's folder (default: here)")
    options = parser.parse_args(arguments)
    try:
        wrong = run(options.root.resolve(), options.lessons, options.check)
    except (SourceError, NotebookBuildError, ValueError, FileNotFoundError) as error:
        wrong = [str(error)]
    for line in wrong:
        print(line, file=sys.stderr)
    if wrong and options.check:
        print("Run `make notebooks`; edit only the .py sources, never a notebook.", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
