"""`course demo-class`: grades a class of thirty from roster to dashboard by an instructor's commands, and compares every score."""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.table import Table

from course import cli, interrupts
from course.grading.batches.folder import CourseFolder
from course.grading.batches.result import Result
from course.grading.classroom import import_submissions, schedule
from course.regression import demo_attempts
from course.regression.demo_learners import KINDS, AnswerPool, LearnerProfile, hand_in, problems
from course.terminal import ProgressBar, Terminal

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path("build/demo-class")
LESSONS = ("m00_start", "m02_data_preparation")
SEED = "the demo class"
DAYS_AGO = 7  # when the first lesson was due


class DemoGradingError(Exception):
    """A command failed; it has printed the reason."""


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when every score is what the learner deserves, 1 when one is not, 2 when the class could not be graded."""
    parser = argparse.ArgumentParser(prog="course demo-class", description=__doc__)
    parser.add_argument("--to", type=Path, default=ROOT / FOLDER, metavar="FOLDER", help=f"made anew (default: {FOLDER})")
    parser.add_argument("--lessons", nargs="+", default=LESSONS, metavar="LESSON", help=f"default: {' '.join(LESSONS)}")
    parser.add_argument("--learners", nargs="+", metavar="NAME", help="only these")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N", help="submissions at a time (default: the cores)")
    parser.add_argument("--no-open", action="store_true", help="do not show the dashboard in the browser")
    options = parser.parse_args(arguments)
    return interrupts.run(lambda: _grade_class(options))


def _grade_class(options: argparse.Namespace) -> int:
    kinds = [kind for kind in KINDS if not options.learners or kind.name in options.learners]
    klass = DemoGrading(ROOT, options.to.resolve(), options.lessons, kinds)
    begun = time.monotonic()
    try:
        klass.begin()
        klass.hand_in()
        klass.grade(options.jobs)
        page = klass.dashboard(show=not options.no_open)
    except DemoGradingError as error:
        print(f"course demo-class: {error}", file=sys.stderr)
        return 2
    lines = klass.problems()
    _print(klass, lines)
    print(f"{len(kinds)} learners in {time.monotonic() - begun:.0f} seconds. The class: {klass.folder}")
    if page:
        print(f"Its dashboard: {page}")
    return 1 if lines else 0


class DemoGrading:
    """A class in ``folder``, of the course in ``root``. Each step is a command of the course."""

    def __init__(self, root: Path, folder: Path, lessons: Sequence[str], kinds: Sequence[LearnerProfile]) -> None:
        self.root, self.folder, self.lessons, self.kinds = root, folder, lessons, kinds
        self.course = CourseFolder(folder)
        self.seconds: dict[str, float] = {}
        self._materials: dict[str, Mapping[str, AnswerPool]] = {}

    def begin(self) -> None:
        """Make the class's own course folder."""
        if self.folder.exists() and not (self.folder / schedule.NAME).is_file() and any(self.folder.iterdir()):
            raise DemoGradingError(f"{self.folder} exists and is not a demo class; name another folder.")
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        for name in ("solutions", "graders", "nbgrader_config.py"):
            (self.folder / name).symlink_to(self.root / name)
        with (self.folder / "roster.csv").open("w", newline="", encoding="utf-8") as file:
            rows = [[kind.name, kind.words, kind.name.replace("_", " ").title()] for kind in self.kinds]
            csv.writer(file).writerows([["id", "first_name", "last_name"], *rows])
        start = datetime.now(UTC).date() - timedelta(days=DAYS_AGO + 7)
        self._course("class", "init", "roster.csv", "--start", str(start), "--lessons", *self.lessons)

    def hand_in(self) -> None:
        """Write each learner's work into a folder, as nbgrader's exchange does, and collect it into the class."""
        plan = schedule.read(self.folder)
        for i, lesson in enumerate(self.lessons):
            due = plan.lesson(lesson).due
            assert due is not None
            with ProgressBar(console=Terminal(), transient=True) as progress:
                for kind in progress.track([kind for kind in self.kinds if i < kind.lessons], description=f"{lesson} is handed in"):
                    folder, at = self.folder / "handed_in" / lesson / kind.name, due + kind.late
                    material = self.material(lesson)
                    hand_in(kind, self.folder / "notebooks" / lesson, material, folder)
                    for each in material.values():
                        demo_attempts.write(kind, each, at, folder)
                    (folder / "timestamp.txt").write_text(at.strftime(import_submissions.STAMP), encoding="utf-8")
            self._course("collect", lesson, "--from", f"handed_in/{lesson}", quiet=True)

    def grade(self, jobs: int) -> None:
        """Grade the class. Exit code 1 is expected: some submissions need a human."""
        self._course("grade", *self.lessons, "--jobs", str(jobs), expect=(0, 1))

    def dashboard(self, *, show: bool) -> Path | None:
        """Make the dashboard, open it in a browser if there is one, and return its path; None when the course has no such command."""
        if "dashboard" not in cli.COMMANDS:
            return None
        display = sys.platform == "darwin" or {"DISPLAY", "WAYLAND_DISPLAY"} & set(os.environ)
        before = set(self.folder.rglob("*.html"))
        self._course("dashboard", *self.lessons, *(["--open"] if show and display else []))
        made = sorted(set(self.folder.rglob("*.html")) - before)
        return made[0] if made else None

    def material(self, lesson: str) -> Mapping[str, AnswerPool]:
        """The answers of each notebook; cached."""
        if lesson not in self._materials:
            self._materials[lesson] = {name: AnswerPool.of(self.root, lesson, name) for name in self.course.notebooks(lesson)}
        return self._materials[lesson]

    def problems(self) -> list[str]:
        """A line for each score that is not the expected one."""
        return list(self._problems())

    def results(self, kind: LearnerProfile) -> Iterator[Result]:
        for lesson in self.lessons[: kind.lessons]:
            for notebook in self.material(lesson):
                if result := Result.read(self.course.results(kind.name, lesson), notebook):
                    yield result

    def _problems(self) -> Iterator[str]:
        for kind in self.kinds:
            for lesson in self.lessons[: kind.lessons]:
                for notebook, material in self.material(lesson).items():
                    result = Result.read(self.course.results(kind.name, lesson), notebook)
                    yield from problems(kind, material, result, notebook)
            for lesson in self.lessons[kind.lessons :]:
                if self.course.results(kind.name, lesson).exists():
                    yield f"{kind.name}, {lesson}: there is a result, but nothing was handed in."

    def _course(self, *arguments: str, expect: Sequence[int] = (0,), quiet: bool = False) -> None:
        begun = time.monotonic()
        command = [sys.executable, "-m", "course.cli", *arguments]
        environment = {"GRADING_SEED": SEED, **os.environ}
        done = subprocess.run(command, cwd=self.folder, env=environment, stdout=subprocess.PIPE if quiet else None, text=True)
        self.seconds[" ".join(arguments[:2] if arguments[0] == "class" else arguments[:1])] = time.monotonic() - begun
        if done.returncode not in expect:
            raise DemoGradingError(f"`course {' '.join(arguments)}` ended with {done.returncode}.\n{done.stdout or ''}")


def _print(klass: DemoGrading, lines: Sequence[str]) -> None:
    table = Table("learner", "handed in", "points", "as expected", title="The class")
    for kind in klass.kinds:
        results = list(klass.results(kind))
        points = f"{sum(each.score for each in results):g} of {sum(each.points for each in results):g}" if results else "-"
        wrong = any(line.startswith(f"{kind.name},") for line in lines)
        table.add_row(kind.name, kind.words, points if kind.readable else "needs a human", "no" if wrong else "yes")
    terminal = Terminal()
    terminal.print(table)
    for line in lines:
        terminal.say(f"Not as expected: {line}")
    steps = Table("step", "seconds", title="Time")
    for step, seconds in klass.seconds.items():
        steps.add_row(f"course {step}", f"{seconds:.0f}")
    terminal.print(steps)


if __name__ == "__main__":
    sys.exit(main())
