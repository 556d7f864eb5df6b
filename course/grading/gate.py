"""The gate of the graders: every exercise is tried on answers whose worth is known. ``python -m course.grading.gate m04_1``.

The notebook's text source runs in this process, without Jupyter, in a scratch copy of its folder and against one local AWS; at each
exercise its candidates run in a copy of the namespace that the cells before have made.

- the untouched stub earns nothing, in practice and at grading;
- the reference and every ``answers/<exercise>/right_*.py`` earn all, for several seeds;
- every ``wrong_*.py`` fails at grading on the part it names, and the words it names are shown;
- for a decision, no guesser earns more than a fifth of the points (`course.grading.guesser`).
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import linecache
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course import canary, interrupts
from course.grading import calls, catalogue, guesser, render, seeds
from course.grading.candidates import Candidate, Cell, candidates, code_cells, source_of
from course.grading.capture import captured
from course.grading.check import aws_client
from course.grading.errors import AnswerError, DefinitionError
from course.grading.evaluate import evaluate_here
from course.grading.exercise import Exercise
from course.grading.report import Report
from course.grading.sandbox.aws import submission_aws
from course.grading.seeds import Draw

DRAWS = tuple(Draw(student=f"student-{i}", seed=f"seed-{i}") for i in range(3))  # right answers must be right for all of these
STRANGER = Draw(learner="somebody else", student="somebody else", seed="another seed")
RIGHTS, WRONGS = 1, 3  # candidates that an exercise needs at least

Namespace = dict[str, Any]
Client = Callable[[str], Any]  # makes a boto3 client of a service


@dataclass(frozen=True)
class Finding:
    """One candidate, what it earned at grading, and what is wrong with the grader (``""`` when all is as it must be)."""

    exercise: str
    candidate: str
    score: float
    points: float
    problem: str = ""


def judge(notebook: str, root: Path) -> list[Finding]:
    """All findings on the exercises of a notebook of the course in ``root``.

    Raises
    ------
    DefinitionError
        When a definition or a candidate is malformed, or a cell before an exercise fails.
    """
    graders = root / "graders"
    exercises = {exercise.id: exercise for exercise in catalogue.exercises(graders).values() if exercise.notebook == notebook}
    if not exercises:
        raise DefinitionError(f"no exercises of notebook {notebook!r} under {graders}.")
    source = source_of(notebook, root / "solutions")
    findings = [finding for exercise in exercises.values() if (finding := _hidden_without_canary(exercise, graders))]
    with _workplace(source.parent, graders) as bare_aws:
        namespace: Namespace = {"__name__": "__main__"}
        cells = code_cells(source)
        for number, cell in enumerate(cells, 1):
            if cell.role == "answer":
                exercise = exercises[cell.exercise]
                catalogue.load_hidden(exercise, graders)
                check = next(other for other in cells if other.role == "check" and other.exercise == cell.exercise)
                findings += Trial(exercise, cell, check, namespace, bare_aws).findings(graders)
            elif not cell.role:
                _run(cell.text, namespace, f"{notebook}, code cell {number}")
    return findings


class Trial:
    """One exercise at its place in the notebook. ``namespace`` becomes what the reference answer makes of it."""

    def __init__(self, exercise: Exercise, answer: Cell, check: Cell, namespace: Namespace, bare_aws: Client) -> None:
        self.exercise, self.answer, self.check, self.namespace, self.bare_aws = exercise, answer, check, namespace, bare_aws
        self.aws = functools.cache(aws_client)  # a guesser asks for it hundreds of times

    def findings(self, graders: Path) -> list[Finding]:
        """Run all candidates and, for a decision, the guessers."""
        tried, found = [], []
        before = dict(self.namespace)
        for candidate in candidates(self.exercise, self.answer.text, graders):
            tried.append(candidate)
            space = self.namespace if candidate.name == "reference" else dict(before)
            evidence = self._evidence(candidate, space)
            found.append(self._finding(candidate, evidence))
        if self.exercise.pattern and not found[-1].problem:
            found += self._guesses(evidence)
        return found + self._corpus(tried)

    def _evidence(self, candidate: Candidate, space: Namespace) -> dict[str, Any] | AnswerError:
        """What the check cell hands over after this answer; or why it hands over nothing."""
        handed: dict[str, Any] = {}
        # As in a kernel, the check cell runs whatever became of the answer cell.
        with contextlib.suppress(Exception, SystemExit, calls.TimeLimit), calls.limited(self.exercise.seconds):
            _execute(candidate.code, space, f"{self.exercise.id}/{candidate.name}.py")
        try:
            _execute(self.check.text, space | {"check": lambda _, **evidence: handed.update(evidence)}, f"{self.exercise.id} check")
        except Exception as error:
            return AnswerError(f"The check cell stopped with {type(error).__name__}: {error}")
        return handed

    def _report(self, phase: str, evidence: Any, draw: Draw, client: Client | None = None) -> Report:
        if isinstance(evidence, AnswerError):
            report = Report(self.exercise, phase)
            report.stop(evidence)
            return report
        return evaluate_here(self.exercise, phase, evidence, draw, client or self.aws)

    def _finding(self, candidate: Candidate, evidence: Any) -> Finding:
        try:
            return self._judged(candidate, evidence)
        except Exception as error:
            return self._found(candidate.name, 0.0, f"the check itself raised {type(error).__name__}: {error}")

    def _judged(self, candidate: Candidate, evidence: Any) -> Finding:
        practice = self._report("practice", evidence, Draw())
        graded = self._report("graded", evidence, DRAWS[0])
        if candidate.name == "stub":
            problem = "the untouched stub earns points" if practice.score or graded.score else ""
        elif candidate.is_wrong:
            problem = _wrong_answer_problem(candidate, practice, graded)
        else:
            reports = [practice, graded, *(self._report("graded", evidence, draw) for draw in DRAWS[1:])]
            failed = [report for report in reports if not report.passed]
            problem = f"a right answer fails: {render.as_text(failed[0])}" if failed else ""
        return self._found(candidate.name, graded.score, problem)

    def _guesses(self, reference: dict[str, Any]) -> Iterator[Finding]:
        """The best of each guesser. What they hand in is graded for a stranger, with an AWS in which nothing was built."""

        def graded(evidence: Mapping[str, Any]) -> Report:
            return self._report("graded", evidence, STRANGER, self.bare_aws)

        def practice(evidence: Mapping[str, Any]) -> Report:
            return self._report("practice", evidence, Draw())

        guesses = {
            "guesser": [guesser.scripted(self.exercise, practice, render.as_text)],
            "constant": list(guesser.constants(reference, lambda evidence: self._report("graded", evidence, DRAWS[0]))),
            "another seed": [guesser.replayed(reference, lambda evidence: self._report("graded", evidence, DRAWS[0]))],
        }
        for name, evidences in guesses.items():
            score = max((graded(evidence).score for evidence in evidences), default=0.0)
            allowed = guesser.LIMIT * self.exercise.points
            yield self._found(name, score, f"earns more than {render.number(allowed)} points" if score > allowed else "")

    def _corpus(self, tried: list[Candidate]) -> list[Finding]:
        rights = sum(candidate.name.startswith("right_") for candidate in tried)
        wrongs = sum(candidate.is_wrong for candidate in tried)
        if rights >= RIGHTS and wrongs >= WRONGS:
            return []
        problem = f"has {rights} right and {wrongs} wrong answers in answers/{self.exercise.id}; it takes {RIGHTS} and {WRONGS}"
        return [self._found("answers", 0.0, problem)]

    def _found(self, candidate: str, score: float, problem: str) -> Finding:
        return Finding(self.exercise.id, candidate, score, float(self.exercise.points), problem)


def _wrong_answer_problem(candidate: Candidate, practice: Report, graded: Report) -> str:
    tripped = next(part for part in graded.parts if part.name == candidate.trips)
    if tripped.passed:
        return f"part {candidate.trips!r} passes, which this mistake should trip"
    shown = f"{render.as_text(practice)}\n{render.as_text(graded)}"
    unsaid = [words for words in candidate.says if words not in shown]
    return f"{unsaid[0]!r} is not shown; the learner reads: {shown}" if unsaid else ""


def _hidden_without_canary(exercise: Exercise, graders: Path) -> Finding | None:
    hidden = list(graders.glob(f"*/{exercise.notebook}{catalogue.HIDDEN}.py"))
    if exercise.pattern and not hidden:
        problem = f"is a decision without hidden checks; write {exercise.notebook}{catalogue.HIDDEN}.py"
    elif any(canary.TOKEN not in path.read_text() for path in hidden):
        problem = f"its hidden checks carry no canary; put `# {canary.NOTE}` on top of {hidden[0].name}"
    else:
        return None
    return Finding(exercise.id, "hidden checks", 0.0, float(exercise.points), problem)


def _run(text: str, namespace: Namespace, name: str) -> None:
    """Run a cell that is no exercise; it may not fail."""
    try:
        _execute(text, namespace, name)
    except Exception as error:
        raise DefinitionError(f"{name} raised {type(error).__name__}: {error}") from error


def _execute(text: str, namespace: Namespace, name: str) -> None:
    """Run the text of a cell, IPython's own syntax included, its output swallowed; tracebacks show its lines."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    shell = InteractiveShell.instance(config=Config(HistoryManager={"enabled": False}))
    code = shell.transform_cell(text)
    linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
    with captured():
        exec(compile(code, name, "exec"), namespace)


@contextlib.contextmanager
def _workplace(lesson: Path, graders: Path) -> Iterator[Client]:
    """A scratch copy of the lesson's folder as the working directory, and a local AWS of its own; yields clients of a second, empty one."""
    here, environment, paths = Path.cwd(), dict(os.environ), list(sys.path)
    with contextlib.ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gate-")))
        stack.callback(_restore, here, environment, paths, scratch)
        shutil.copytree(lesson, scratch / lesson.name, ignore=shutil.ignore_patterns("*.ipynb", "__pycache__"))
        os.chdir(scratch / lesson.name)
        sys.path.insert(0, str(Path.cwd()))  # as in a kernel, so that a lesson can import what lies in its given/
        os.environ |= {"COURSE_BACKEND": "local", "COURSE_GRADERS": str(graders.resolve()), "COURSE_LEARNER": seeds.SELF_STUDY}
        os.environ |= {"COURSE_LOCALAWS_STATE": str(scratch / "aws"), "MPLBACKEND": "agg"}
        stack.callback(_stop_aws, scratch / "aws")
        bare: list[Client] = []

        def bare_client(service: str) -> Any:
            if not bare:  # most exercises ask for no AWS at all
                bare.append(stack.enter_context(submission_aws()).client)
            return bare[0](service)

        yield bare_client


def _restore(here: Path, environment: dict[str, str], paths: list[str], scratch: Path) -> None:
    os.chdir(here)
    sys.path[:] = paths
    for entry in [entry for entry in sys.path_importer_cache if not Path(entry).is_absolute()]:
        del sys.path_importer_cache[entry]  # "given" stays bound to this lesson's folder otherwise
    for name, module in list(sys.modules.items()):  # the next lesson has a `given` of its own
        places = [getattr(module, "__file__", None), *getattr(module, "__path__", ())]
        if any(place and Path(place).is_relative_to(scratch) for place in places):
            del sys.modules[name]
    os.environ.clear()
    os.environ.update(environment)


def _stop_aws(state: Path) -> None:
    """Stop the AWS that the lesson started, if it did."""
    if state.exists():
        from course.localaws import server

        if handle := server.find(state):
            handle.stop()


def notebooks(root: Path) -> list[str]:
    """All notebooks with exercises, in order."""
    return sorted({exercise.notebook for exercise in catalogue.exercises(root / "graders").values()})


def main(arguments: list[str] | None = None) -> int:
    from rich.console import Console
    from rich.table import Table

    parser = argparse.ArgumentParser(prog="python -m course.grading.gate", description=__doc__.split("\n")[0])
    parser.add_argument("notebooks", nargs="*", metavar="NOTEBOOK", help="for example m04_1; all when none is named")
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="the course's folder (default: here)")
    options = parser.parse_args(arguments)
    root = options.root.resolve()
    table = Table("exercise", "candidate", "points", "problem")
    try:
        findings = [finding for notebook in options.notebooks or notebooks(root) for finding in judge(notebook, root)]
    except (DefinitionError, FileNotFoundError) as error:
        print(f"gate: {error}", file=sys.stderr)
        return 1
    for finding in findings:
        earned = f"{render.number(finding.score)} of {render.number(finding.points)}"
        table.add_row(finding.exercise, finding.candidate, earned, finding.problem or "as it must be")
    Console().print(table)
    return 1 if any(finding.problem for finding in findings) else 0


if __name__ == "__main__":
    sys.exit(interrupts.run(main))
