"""`make notebooks`: derive the solution notebooks and, through nbgrader's own `generate_assignment`, the learners' notebooks.

It also writes the copies that a lesson declares (`copies`), README's table of lessons and the list of copies in .gitattributes (`blocks`).
Everything is derived in a scratch folder first, then compared (`--check`) or written. If a source is wrong, no notebook changes.
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
from course.authoring import blocks, copies, declaration, notebook, source
from course.authoring.declaration import SOLUTIONS
from course.authoring.source import SourceError
from course.grading import Exercise, catalogue

RELEASE = "notebooks"
SCRATCH = (".ipynb_checkpoints", "__pycache__")


class NotebookBuildError(Exception):
    """nbgrader refused an assignment, or an answer would be released."""


def lessons(root: Path) -> list[str]:
    """The lessons that have a source, in order."""
    return sorted({path.parent.name for path in (root / SOLUTIONS).glob("m*/m*.py") if source.is_source(path)})


def derive(root: Path, lesson: str, exercises: Mapping[str, Exercise], stage: Path) -> dict[Path, bytes]:
    """All derived files of a lesson by their path below ``root``: solution notebooks, copies, and the released files.

    ``stage`` is an empty folder to work in. Use one for several lessons: nbgrader then makes its database only once.

    Raises
    ------
    SourceError
        When a source cannot become a notebook.
    DeclarationError
        When the lesson's declaration is missing or wrong.
    NotebookBuildError
        When nbgrader fails, or a reference answer would reach learners.
    """
    derived = copies.derive(root, declaration.read(root, lesson))
    for path in sorted((root / SOLUTIONS / lesson).glob("m*.py")):
        if not source.is_source(path):
            continue
        if path.name[:3] != lesson[:3]:
            raise SourceError(f"{source.place(path, 1)}: a notebook of lesson {lesson} begins with {lesson[:3]}.")
        text = notebook.to_text(notebook.solution(source.read(path), exercises))
        derived[Path(SOLUTIONS, lesson, path.with_suffix(".ipynb").name)] = text.encode()
    shutil.copytree(root / SOLUTIONS / lesson, stage / SOLUTIONS / lesson, ignore=_derived_files)
    _write_files(stage, derived)
    _generate_assignment(root, stage, lesson)
    if leaked := canary.leaks(stage / RELEASE / lesson):
        names = ", ".join(name.removeprefix(f"{stage}/") for name in leaked)
        raise NotebookBuildError(f"learners would get {names}; add a pattern to CourseDirectory.ignore in nbgrader_config.py.")
    released = [path for path in (stage / RELEASE / lesson).rglob("*") if path.is_file()]
    return derived | {path.relative_to(stage): path.read_bytes() for path in released}


def _derived_files(folder: str, names: Sequence[str]) -> set[str]:
    """The names in a lesson's folder that `derive` makes, or that no lesson needs; see `shutil.copytree`."""
    ignored = shutil.ignore_patterns("*.ipynb", *SCRATCH)(folder, names)
    return ignored | {name for name in names if copies.is_copy(Path(folder, name))}


def _generate_assignment(root: Path, stage: Path, lesson: str) -> None:
    config = Config()
    if (root / "nbgrader_config.py").is_file():
        config = PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()
    config.CourseDirectory.root = str(stage)
    config.CourseDirectory.db_url = f"sqlite:///{stage / 'gradebook.db'}"  # a build must not change the class's gradebook
    result = NbGraderAPI(config=config).generate_assignment(lesson)
    if not result["success"]:
        raise NotebookBuildError(f"nbgrader generate_assignment {lesson} failed:\n{result.get('log') or result.get('error')}")


def existing(root: Path, lesson: str) -> set[Path]:
    """The derived files of a lesson that exist now."""
    found = [*(root / SOLUTIONS / lesson).glob("*.ipynb"), *(root / RELEASE / lesson).rglob("*"), *copies.existing(root, lesson)]
    return {path.relative_to(root) for path in found if path.is_file() and not set(SCRATCH) & set(path.parts)}


def differences(root: Path, lesson: str, derived: Mapping[Path, bytes]) -> list[str]:
    """A line for each file that is missing, differs or has no source."""
    return _compare(root, derived) + [f"{path} has no source" for path in sorted(existing(root, lesson) - set(derived))]


def write(root: Path, lesson: str, derived: Mapping[Path, bytes]) -> int:
    """Update the files of a lesson, and delete those without a source; returns how many changed."""
    changed = _write_files(root, derived)
    for path in existing(root, lesson) - set(derived):
        (root / path).unlink()
        changed += 1
    return changed


def _compare(root: Path, files: Mapping[Path, bytes]) -> list[str]:
    lines = []
    for path, content in sorted(files.items()):
        if not (root / path).is_file():
            lines.append(f"{path} is missing")
        elif (root / path).read_bytes() != content:
            lines.append(f"{path} differs from its source")
    return lines


def _write_files(root: Path, files: Mapping[Path, bytes]) -> int:
    """Write the files whose content differs; returns how many."""
    changed = [path for path, content in files.items() if not (root / path).is_file() or (root / path).read_bytes() != content]
    for path in changed:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(files[path])
    return len(changed)


def run(root: Path, wanted: Sequence[str], check: bool) -> list[str]:
    """Derive lessons, then write or compare their files; returns a line for each problem.

    Raises
    ------
    SourceError, DeclarationError, NotebookBuildError
        As `derive`.
    """
    known = lessons(root)
    if unknown := [lesson for lesson in wanted if lesson not in known]:
        raise NotebookBuildError(f"no lesson {', '.join(unknown)}; there are {', '.join(known) or 'none yet'}.")
    declared = [declaration.read(root, lesson) for lesson in known]
    if not check:
        for lesson in declared:
            _write_files(root, copies.derive(root, lesson))  # before the exercises are loaded, whose modules may import them
    shared = blocks.derive(root, declared)
    wrong = _compare(root, shared) if check else []
    with tempfile.TemporaryDirectory() as scratch:
        for lesson in wanted or known:
            derived = derive(root, lesson, catalogue.exercises(root / "graders"), Path(scratch).resolve())
            if check:
                wrong += differences(root, lesson, derived)
            else:
                print(f"{lesson}: {write(root, lesson, derived)} of {len(derived)} files changed")
    if not check:
        _write_files(root, shared)
    return wrong if wanted else wrong + _leftovers(root, known)


def _leftovers(root: Path, known: Sequence[str]) -> list[str]:
    names = {path.name for folder in (SOLUTIONS, RELEASE) for path in (root / folder).glob("m*") if path.is_dir()} - set(known)
    return [f"{name} has no source in {SOLUTIONS}/{name}; delete its folder" for name in sorted(names)]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make notebooks", description="Derive the notebooks from their sources.")
    parser.add_argument("lessons", nargs="*", metavar="LESSON", help="for example m04_training; default: all")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a derived file differs from its source")
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
