"""Runs the lanes of checks for `make test` and `make nightly`: four at a time, with a table and an honest exit code.

    python -m course.regression.lanes [--nightly] [LANE ...]

`lanes.yaml` declares the lanes. Logs, JUnit files and the status page go to ``build/lanes/``.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import yaml
from rich.progress import SpinnerColumn, TimeElapsedColumn
from rich.table import Table

from course import interrupts
from course.regression import status_page
from course.regression.process_pool import ProcessPool
from course.terminal import DescriptionColumn, ProgressBar, Terminal

ROOT = Path(__file__).resolve().parents[2]
RESULTS = Path("build", "lanes")
AT_A_TIME = 4  # twice the cores the course is built for, because lanes wait for clocks, health checks and processes
SHOWN_LINES = 400  # lines shown of a failed lane's log


class LaneError(Exception):
    """No such lane; the message lists the existing ones."""


@dataclass(frozen=True, slots=True)
class Lane:
    """A named set of checks. ``checks`` are modules with their arguments; ``tests`` are paths below ``tests/``.

    A lane that runs ``alone`` measures something, and waits until the others have ended. ``budget`` is in seconds, 0 for none.
    """

    name: str
    title: str
    checks: tuple[str, ...]
    tests: tuple[str, ...]
    nightly: bool
    alone: bool = False
    budget: float = 0.0


@dataclass(frozen=True, slots=True)
class LaneResult:
    """The result of one lane; ``log`` holds all that it printed."""

    lane: Lane
    passed: int
    failed: int
    skipped: int
    seconds: float
    log: Path

    @property
    def result(self) -> str:
        if self.failed:
            return "failed"
        return "passed" if self.passed else "ran no test"

    @property
    def seconds_over_budget(self) -> float:
        """0 when the lane kept to its budget or has none."""
        return max(0.0, self.seconds - self.lane.budget) if self.lane.budget else 0.0


def lanes(root: Path = ROOT) -> list[Lane]:
    """All lanes of `lanes.yaml` that have something to run."""
    declared = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
    tests = root / "tests"
    claimed = {path for lane in declared for name in lane.get("tests", ()) for path in _matching(tests, name)}
    found = []
    for lane in declared:
        named = lane.get("tests", ())
        paths = {path for name in named for path in _paths(tests, name, claimed)}
        checks = tuple(check for check in lane.get("checks", ()) if _exists(root, check))
        if paths or checks:
            flags = {flag: lane.get(flag, False) for flag in ("nightly", "alone")}
            found.append(Lane(lane["name"], lane["title"], checks, tuple(sorted(paths)), **flags, budget=lane["budget"]))
    return found


def _matching(tests: Path, pattern: str) -> list[str]:
    return [path.relative_to(tests).as_posix() for path in tests.glob(pattern)]


def _paths(tests: Path, name: str, claimed: set[str]) -> Iterator[str]:
    """The paths that a name of `lanes.yaml` selects: a pattern, without what other lanes name below it, or "rest"."""
    if name == "rest":
        yield from _rest(tests, claimed)
    for path in _matching(tests, name):
        parted = any(other.startswith(f"{path}/") for other in claimed)
        yield from _rest(tests, claimed, path) if parted else (path,)


def _rest(tests: Path, claimed: set[str], within: str = "") -> Iterator[str]:
    """The folders and files of tests that no lane names. A folder of which a lane names a part is replaced by its other parts."""
    for path in sorted((tests / within).iterdir()):
        name = path.relative_to(tests).as_posix()
        if name in claimed or path.name == "__pycache__" or not (path.is_dir() or path.match("test_*.py")):
            continue
        if any(other.startswith(f"{name}/") for other in claimed):
            yield from _rest(tests, claimed, name)
        else:
            yield name


def _exists(root: Path, check: str) -> bool:
    """Whether a check can run: False for a folder of this repository that is still empty."""
    folder = root / check.split()[0]
    return not folder.is_dir() or (folder / "__main__.py").is_file()


def select(names: Sequence[str], nightly: bool, root: Path = ROOT) -> list[Lane]:
    """The lanes to run. In a nightly run, lanes that also run by day have no budget: they include the nightly tests.

    Raises
    ------
    LaneError
    """
    known = lanes(root)
    if unknown := set(names) - {lane.name for lane in known}:
        raise LaneError(f"no lane {', '.join(sorted(unknown))}; there are {', '.join(lane.name for lane in known)}.")
    chosen = [lane for lane in known if (lane.name in names if names else nightly or not lane.nightly)]
    return [replace(lane, budget=0.0) if nightly and not lane.nightly else lane for lane in chosen]


class LaneRunner:
    """Runs lanes, each check in its own process."""

    def __init__(self, root: Path, nightly: bool) -> None:
        self.root, self.nightly = root, nightly
        self.folder = root / RESULTS
        self.pool = ProcessPool(AT_A_TIME)

    def run(self, lane: Lane) -> LaneResult:
        """Run all checks and tests of a lane, also after one has failed."""
        started = time.monotonic()
        log = self.folder / f"{lane.name}.log"
        passed = failed = skipped = 0
        with log.open("wb") as output, tempfile.TemporaryDirectory(prefix=f"lane-{lane.name}-") as state:
            environment = os.environ | {"COURSE_LOCALAWS_STATE": state, "PYTHONUNBUFFERED": "1"}
            # Tests start thousands of processes. Each would compile what it imports.
            environment.pop("PYTHONDONTWRITEBYTECODE", None)
            for check in lane.checks:
                code = self._execute([sys.executable, "-m", *check.split()], output, environment)
                passed, failed = passed + (code == 0), failed + (code != 0)
            if lane.tests:
                junit = log.with_suffix(".xml")
                counts = _counts(junit, self._execute(self._pytest(lane, junit), output, environment))
                passed, failed, skipped = passed + counts[0], failed + counts[1], skipped + counts[2]
        return LaneResult(lane, passed, failed, skipped, time.monotonic() - started, log)

    def _pytest(self, lane: Lane, junit: Path) -> list[str]:
        chosen = [] if self.nightly else ["-m", "not nightly"]
        return [sys.executable, "-m", "pytest", f"--junitxml={junit}", *chosen, *(f"tests/{name}" for name in lane.tests)]

    def _execute(self, command: Sequence[str], output, environment: dict[str, str]) -> int:
        output.write(f"$ {' '.join(Path(word).name if word == sys.executable else word for word in command)}\n".encode())
        output.flush()
        with self.pool.child(command, cwd=self.root, stdout=output, stderr=output, env=environment) as process:
            return process.wait()


def _counts(junit: Path, code: int) -> tuple[int, int, int]:
    """Tests passed, failed and skipped, from a JUnit file. Without a file, or with a non-zero exit code, at least one has failed."""
    try:
        suites = list(ElementTree.parse(junit).getroot().iter("testsuite"))
    except (OSError, ElementTree.ParseError):
        return 0, 1, 0
    tests, failures, errors, skipped = (
        sum(int(suite.get(name, 0)) for suite in suites) for name in ("tests", "failures", "errors", "skipped")
    )
    failed = failures + errors
    return tests - failed - skipped, failed or int(code != 0), skipped


def run_all(chosen: Sequence[Lane], runner: LaneRunner, terminal: Terminal) -> list[LaneResult]:
    """Run lanes, `AT_A_TIME` in parallel, then those that run alone. Shows progress; an interrupt leaves nothing running."""
    outcomes: list[LaneResult] = []
    with _progress(terminal) as on_progress, runner.pool as pool:

        def job(lane: Lane) -> LaneResult:
            on_progress(lane, None)
            return runner.run(lane)

        parallel = [lane for lane in chosen if not lane.alone]
        for group in (parallel, *([lane] for lane in chosen if lane.alone)):
            for done in as_completed([pool.submit(job, lane) for lane in group]):
                outcomes.append(done.result())
                on_progress(outcomes[-1].lane, outcomes[-1])
    return sorted(outcomes, key=lambda outcome: chosen.index(outcome.lane))


@contextlib.contextmanager
def _progress(terminal: Terminal) -> Iterator[Callable[[Lane, LaneResult | None], None]]:
    """Spinners on a terminal, a line at start and end elsewhere."""
    if not terminal.is_terminal:
        yield lambda lane, outcome: terminal.say(_line(lane, outcome))
        return
    columns = (SpinnerColumn(finished_text=" "), DescriptionColumn(), TimeElapsedColumn())
    with ProgressBar(*columns, console=terminal) as progress:
        yield partial(_spin, progress, {})


def _spin(progress: ProgressBar, tasks: dict, lane: Lane, outcome: LaneResult | None) -> None:
    if outcome is None:
        tasks[lane.name] = progress.add_task(_line(lane, None), total=1)
    else:
        progress.update(tasks[lane.name], description=_line(lane, outcome), completed=1)


def _line(lane: Lane, outcome: LaneResult | None) -> str:
    return f"{lane.name}: {outcome.result if outcome else 'runs'} ({lane.title})"


def show(outcomes: Sequence[LaneResult], root: Path, terminal: Terminal) -> None:
    """Print the logs of lanes that failed, then a row for each lane, then the lanes over their budgets."""
    for outcome in outcomes:
        if outcome.result != "passed":
            lines = outcome.log.read_text(encoding="utf-8", errors="replace").splitlines()
            terminal.rule(f"{outcome.lane.name} {outcome.result}: {outcome.log.relative_to(root)}")
            terminal.say("\n".join(lines[-SHOWN_LINES:]))
    table = Table("lane", "what", "tests", "skipped", "seconds", "budget", "result")
    for outcome in outcomes:
        lane, tests = outcome.lane, str(outcome.passed + outcome.failed)
        budget = f"{lane.budget:.0f}" if lane.budget else ""
        table.add_row(lane.name, lane.title, tests, str(outcome.skipped), f"{outcome.seconds:.0f}", budget, outcome.result)
    terminal.print(table)
    if line := over_budget(outcomes):
        terminal.say(line)


def over_budget(outcomes: Sequence[LaneResult]) -> str:
    """A line that names the lanes over their budgets and by how much; empty when there are none. It is a report, not a failure."""
    over = [outcome for outcome in outcomes if outcome.seconds_over_budget >= 1]
    named = ", ".join(f"{outcome.lane.name} by {outcome.seconds_over_budget:.0f} s of {outcome.lane.budget:.0f} s" for outcome in over)
    return f"Over budget on this machine: {named}." if over else ""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make test", description="Run the lanes of checks.")
    parser.add_argument("lanes", nargs="*", metavar="LANE", help="only these; default: all")
    parser.add_argument("--nightly", action="store_true", help="also the lanes and tests that are too slow for make test")
    options = parser.parse_args(arguments)
    terminal = Terminal()
    try:
        chosen = select(options.lanes, options.nightly)
    except LaneError as error:
        print(f"make test: {error}", file=sys.stderr)
        return 2
    shutil.rmtree(ROOT / RESULTS, ignore_errors=True)
    (ROOT / RESULTS).mkdir(parents=True)
    outcomes = run_all(chosen, LaneRunner(ROOT, options.nightly), terminal)
    show(outcomes, ROOT, terminal)
    status_page.write(ROOT / RESULTS, [status_page.LaneTiming.of(outcome) for outcome in outcomes])
    passed, failed, skipped = (sum(getattr(outcome, name) for outcome in outcomes) for name in ("passed", "failed", "skipped"))
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 0 if all(outcome.result == "passed" for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(interrupts.run(main))
