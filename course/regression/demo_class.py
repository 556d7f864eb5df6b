"""A small class of learners, made from the course itself, and graded by `course grade` or by plain nbgrader commands.

    python -m course.regression.demo_class [--nbgrader]

grades the class on all notebooks, for `make nightly`.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from course import interrupts
from course.regression.execute import WORKERS, lessons
from course.regression.process_pool import ProcessPool

Answers = Mapping[str, str]
"""Exercise id -> code of its answer cell."""

Scores = Mapping[str, Mapping[str, tuple[float, float]]]
"""Learner -> notebook -> (points earned, points possible)."""

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path("build", "class")
NOTEBOOK_SECONDS = 600  # for a learner's notebook; the slowest takes five minutes beside other work
GRADED = "graded "  # begins the line that `course grade` prints for each submission
NEEDS_HUMAN = 1  # the exit code of `course grade` when it could not judge an exercise, which then has no points


@dataclass(frozen=True, slots=True)
class Learner:
    """A learner: ``choose(references, mistakes)`` gives the answers they hand in, ``expected(share)`` judges what they earned."""

    name: str
    choose: Callable[[Answers, Answers], Answers]
    expected: Callable[[float], bool]
    expectation: str


def _first_half(references: Answers, _: Answers) -> Answers:
    return {name: references[name] for name in list(references)[: (len(references) + 1) // 2]}


LEARNERS = (
    Learner("perfect", lambda references, _: references, lambda share: share == 1, "all points"),
    Learner("half_done", _first_half, lambda share: 0 < share < 1, "some of the points"),
    Learner("untouched", lambda *_: {}, lambda share: share == 0, "no points"),
    Learner("mistaken", lambda _, mistakes: mistakes, lambda share: share < 1, "fewer than all points"),
)


class DemoClassError(Exception):
    """A command failed; the message has its last lines."""


class DemoClass:
    """A course folder below ``folder``, in which a class is released, handed in and graded; the repository is not changed.

    Parameters
    ----------
    root : Path
        The repository.
    folder : Path
        Made anew.
    notebooks : sequence of Path
        The solution notebooks that the class works on.
    """

    def __init__(self, root: Path, folder: Path, notebooks: Sequence[Path]) -> None:
        self.root = root
        self.folder = folder
        self.notebooks = tuple(notebooks)
        self.lessons = sorted({path.parent.name for path in notebooks})
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in ("solutions", "graders", "nbgrader_config.py"):
            (folder / name).symlink_to(root / name)

    def release(self) -> None:
        """Generate the learner's notebooks and enter them into the gradebook, by nbgrader."""
        with ProcessPool(1) as pool:
            for path in self.notebooks:
                arguments = (path.parent.name, f"--CourseDirectory.notebook_id={path.stem}", "--force", "--create")
                self._command(pool, "nbgrader", "generate_assignment", *arguments)

    def submit_all(self) -> None:
        """Hand in the answers of each learner."""
        for learner in LEARNERS:
            for lesson in self.lessons:
                self._submit(learner, lesson)

    def _submit(self, learner: Learner, lesson: str) -> None:
        target = self.folder / "submitted" / learner.name / lesson
        shutil.copytree(self.folder / "notebooks" / lesson, target)
        for path in sorted(target.glob("*.ipynb")):
            references = reference_answers(self.root / "solutions" / lesson / path.name)
            fill_in(path, learner.choose(references, mistaken_answers(self.root / "graders" / lesson, references)))

    def grade(self, on_submission: Callable[[str], None]) -> Scores:
        """Grade the class by `course grade`.

        Parameters
        ----------
        on_submission : callable
            Called with a line for each graded notebook of each learner.

        Raises
        ------
        DemoClassError
        """
        database = self.folder / "gradebook.db"
        arguments = ("grade", *self.lessons, "--jobs", str(WORKERS), "--db", f"sqlite:///{database}")
        with ProcessPool(1) as pool:
            self._command(
                pool,
                "course.cli",
                *arguments,
                seconds=NOTEBOOK_SECONDS * len(LEARNERS) * len(self.notebooks),
                on_line=lambda line: _pass_on(line, on_submission),
                expect=(0, NEEDS_HUMAN),
            )
        return {learner.name: scores(database, learner.name) for learner in LEARNERS}

    def autograde(self, on_submission: Callable[[str], None]) -> Scores:
        """Grade the class by plain nbgrader commands, as `grade` does by `course grade`."""
        with ProcessPool(WORKERS) as pool:
            graded = {learner.name: pool.submit(self._autograde, pool, learner, on_submission) for learner in LEARNERS}
            return {name: each.result() for name, each in graded.items()}

    def _autograde(self, pool: ProcessPool, learner: Learner, on_submission: Callable[[str], None]) -> dict[str, tuple[float, float]]:
        """Autograde one learner's lessons and write their feedback."""
        gradebook = self.folder / f"gradebook_{learner.name}.db"  # one each: two processes would wait for each other's SQLite lock
        shutil.copy(self.folder / "gradebook.db", gradebook)
        database = f"--CourseDirectory.db_url=sqlite:///{gradebook}"
        for lesson in self.lessons:
            seconds = NOTEBOOK_SECONDS * sum(path.parent.name == lesson for path in self.notebooks)
            self._command(pool, "nbgrader", "autograde", lesson, "--student", learner.name, "--create", database, seconds=seconds)
            self._command(pool, "nbgrader", "generate_feedback", lesson, "--student", learner.name, database)
            on_submission(f"{learner.name}, {lesson}: autograded")
        return scores(gradebook, learner.name)

    def _command(
        self,
        pool: ProcessPool,
        *command: str,
        seconds: float = NOTEBOOK_SECONDS,
        on_line: Callable[[str], None] = lambda _: None,
        expect: Sequence[int] = (0,),
    ) -> None:
        """Run a module with its arguments in the class's folder; ``on_line`` gets each line of its output.

        After ``seconds`` the process is ended.
        """
        options: dict[str, Any] = {"cwd": self.folder, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        last: deque[str] = deque(maxlen=15)
        with pool.child([sys.executable, "-m", *command], **options) as child, _time_limit(child, seconds) as expired:
            for line in child.stdout:
                last.append(line.rstrip())
                on_line(last[-1])
        if child.returncode not in expect:
            name = " ".join(["course", *command[1:]] if command[0] == "course.cli" else command)
            how = f"did not end in {seconds:.0f} s" if expired.is_set() else "failed"
            raise DemoClassError(f"`{name}` {how}:\n" + "\n".join(last))


@contextlib.contextmanager
def _time_limit(child: subprocess.Popen, seconds: float) -> Iterator[threading.Event]:
    """Terminate a process after ``seconds``. The event is set if that was done."""
    expired = threading.Event()

    def end() -> None:
        expired.set()
        child.terminate()

    timer = threading.Timer(seconds, end)
    timer.start()
    try:
        yield expired
    finally:
        timer.cancel()


def _pass_on(line: str, on_submission: Callable[[str], None]) -> None:
    """Report a line of `course grade` if it is about a submission."""
    if line.startswith(GRADED):
        on_submission(line.removeprefix(GRADED))


def reference_answers(solution: Path) -> dict[str, str]:
    """The reference answers of a solution notebook, in the order of its exercises."""
    return {
        cell.metadata.nbgrader.grade_id: cell.source
        for cell in nbformat.read(solution, as_version=4).cells
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution")
    }


def mistaken_answers(graders: Path, references: Answers) -> dict[str, str]:
    """For each exercise the first of its foreseen mistakes, ``answers/<exercise>/wrong_*.py``."""
    return {name: min((graders / "answers" / name).glob("wrong_*.py")).read_text() for name in references}


def fill_in(notebook: Path, answers: Answers) -> None:
    """Write answers into a learner's notebook, as the learner would."""
    content = nbformat.read(notebook, as_version=4)
    for cell in content.cells:
        answer = answers.get(cell.metadata.get("nbgrader", {}).get("grade_id", ""))
        if answer is not None:
            cell.source = answer
    nbformat.write(content, notebook)


def scores(gradebook: Path, learner: str) -> dict[str, tuple[float, float]]:
    """Notebook -> (points earned, points possible), from nbgrader's gradebook."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{gradebook}") as book:
        submitted = [notebook for submission in book.student_submissions(learner) for notebook in submission.notebooks]
        return {notebook.name: (notebook.score, notebook.max_score) for notebook in submitted}


def unexpected(results: Scores) -> list[str]:
    """A line for each learner and notebook whose score is not the expected one."""
    return [
        f"{learner.name} has {earned:g} of {possible:g} points in {notebook}; expected {learner.expectation}."
        for learner in LEARNERS
        for notebook, (earned, possible) in results[learner.name].items()
        if not learner.expected(earned / possible)
    ]


def main() -> int:
    """Grade the class on all notebooks; 0 when every score is the expected one."""
    parser = argparse.ArgumentParser(prog="python -m course.regression.demo_class", description="Grade the class of four on all lessons.")
    parser.add_argument("--nbgrader", action="store_true", help="by plain nbgrader commands instead of `course grade`")
    options = parser.parse_args()
    klass = DemoClass(ROOT, ROOT / FOLDER / ("nbgrader" if options.nbgrader else "course"), lessons(ROOT))
    grade = klass.autograde if options.nbgrader else klass.grade
    try:
        klass.release()
        klass.submit_all()
        problems = unexpected(grade(lambda line: print(line, flush=True)))
    except DemoClassError as error:
        problems = [f"the class was not graded: {error}"]
    for problem in problems:
        print(f"Not as expected: {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(interrupts.run(main))
