"""The gate of the graders: every exercise is tried on answers whose worth is known. ``python -m course.grading.gate m04_1``.

The notebook's text source runs in this process, without Jupyter, in a scratch copy of its folder and against one local AWS; at each
exercise its candidates run in a copy of the namespace that the cells before have made.

- the untouched stub earns nothing, in practice and at grading;
- the reference and every ``answers/<exercise>/right_*.py`` earn all, for several seeds;
- every ``wrong_*.py`` fails at grading on the part it names, and the words it names are shown, but no piece of the right answer;
- for a decision, no guesser earns more than a fifth of the points (`course.grading.guesser`);
- mutants of the reference, all or a sample when asked for, do not earn all (`course.grading.mutation`).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course import canary, interrupts
from course.grading import catalogue, gate_record, guesser, leaks, mutation, render
from course.grading.candidates import REGION, Candidate, candidates, code_cells, source_of
from course.grading.errors import DefinitionError
from course.grading.exercise import Exercise
from course.grading.exercise_trial import DRAWS, CandidateResult, ExerciseTrial
from course.grading.report import Report
from course.grading.seeds import Draw
from course.grading.source_runner import Namespace, run, scratch_workspace

STRANGER = Draw(learner="somebody else", student="somebody else", seed="another seed")
RIGHTS, WRONGS = 1, 3  # candidates that an exercise needs at least
NO_MUTANTS, ALL_MUTANTS = 0, None

Tell = Callable[[str, str], None]  # (exercise, what is tried)


def judge(notebook: str, root: Path, mutants: int | None = NO_MUTANTS, tell: Tell = lambda exercise, what: None) -> list[CandidateResult]:
    """All findings on the exercises of a notebook of the course in ``root``.

    Parameters
    ----------
    notebook : str
    root : Path
    mutants : int, optional
        How many of each exercise's mutants are tried, always the same; `ALL_MUTANTS` for all.
    tell : callable
        Told what is done.

    Raises
    ------
    DefinitionError
        When a definition or a candidate is malformed, or a cell before an exercise fails.
    """
    graders = root / "graders"
    exercises = catalogue.of_notebook(notebook, graders)
    if not exercises:
        raise DefinitionError(f"no exercises of notebook {notebook!r} under {graders}.")
    source = source_of(notebook, root / "solutions")
    public = REGION.sub("", source.read_text())
    findings = [finding for exercise in exercises.values() if (finding := _hidden_without_canary(exercise, graders))]
    with scratch_workspace(source.parent, graders) as bare_aws:
        namespace: Namespace = {"__name__": "__main__"}
        cells = code_cells(source)
        for number, cell in enumerate(cells, 1):
            if cell.role == "answer":
                exercise = exercises[cell.exercise]
                catalogue.load_hidden(exercise, graders)
                check = next(other for other in cells if other.role == "check" and other.exercise == cell.exercise)
                findings += _findings(ExerciseTrial(exercise, cell, check, namespace, bare_aws), graders, public, mutants, tell)
            elif not cell.role:
                tell(notebook, "cells")
                run(cell.text, namespace, f"{notebook}, code cell {number}")
    return findings


def _findings(trial: ExerciseTrial, graders: Path, public: str, mutants: int | None, tell: Tell) -> list[CandidateResult]:
    """Try mutants, then all candidates, of which the reference is the last; for a decision, the guessers."""
    exercise = trial.exercise
    found: list[CandidateResult] = []
    told: list[tuple[Candidate, CandidateFeedback]] = []
    if mutants != NO_MUTANTS:
        found += mutation.findings(trial, graders, mutants, lambda done, of: tell(exercise.id, f"mutant {done} of {of}"))
    before = dict(trial.namespace)
    for candidate in candidates(exercise, trial.answer.text, graders):
        tell(exercise.id, candidate.name)
        space = trial.namespace if candidate.name == "reference" else dict(before)
        evidence = trial.evidence(candidate.name, candidate.code, space)
        finding, heard = _finding(trial, candidate, evidence)
        found.append(finding)
        told.append((candidate, heard))
    found += _leaks(trial, told, public)
    if exercise.pattern and not finding.problem:
        tell(exercise.id, "guessers")
        found += _guesses(trial, evidence)
    return found + _corpus(trial, [candidate for candidate, _ in told])


@dataclass(frozen=True)
class CandidateFeedback:
    """What a candidate was told at grading, `leaks.pieces` of what it handed over and returned, and the arguments it was called with."""

    said: str = ""
    pieces: tuple[leaks.Piece, ...] = ()
    called_with: str = ""


def _finding(trial: ExerciseTrial, candidate: Candidate, evidence: Any) -> tuple[CandidateResult, CandidateFeedback]:
    try:
        return _judged(trial, candidate, evidence)
    except Exception as error:
        return trial.found(candidate.name, 0.0, f"the check itself raised {type(error).__name__}: {error}"), CandidateFeedback()


def _judged(trial: ExerciseTrial, candidate: Candidate, evidence: Any) -> tuple[CandidateResult, CandidateFeedback]:
    practice = trial.report("practice", evidence, Draw())
    recorded = guesser.recorded(evidence) if isinstance(evidence, Mapping) else evidence
    graded = trial.report("graded", recorded, DRAWS[0])
    if candidate.name == "stub":
        problem = "the untouched stub earns points" if practice.score or graded.score else ""
    elif candidate.is_wrong:
        problem = _wrong_answer_problem(candidate, practice, graded)
    else:
        reports = [practice, graded, *(trial.report("graded", evidence, draw) for draw in DRAWS[1:])]
        failed = [report for report in reports if not report.passed]
        problem = f"a right answer fails: {render.as_text(failed[0])}" if failed else ""
    return trial.found(candidate.name, graded.score, problem), _told(graded, recorded)


def _told(graded: Report, recorded: Any) -> CandidateFeedback:
    if not isinstance(recorded, Mapping):
        return CandidateFeedback(render.as_text(graded))
    functions = [given for given in recorded.values() if isinstance(given, guesser.Recorder)]
    values = [given for given in recorded.values() if not callable(given)]
    results = [list(function.results.values()) for function in functions]
    calls = " ".join(arguments for function in functions for arguments in function.results)
    return CandidateFeedback(render.as_text(graded), tuple(leaks.pieces([values, results])), calls)


def _leaks(trial: ExerciseTrial, told: list[tuple[Candidate, CandidateFeedback]], public: str) -> Iterator[CandidateResult]:
    """What wrong answers were told of the right one, which is the last."""
    right = told[-1][1]
    exercise = trial.exercise
    for candidate, heard in told:
        if candidate.is_wrong:
            known = "\n".join((public, exercise.title, *exercise.hints, candidate.code, right.called_with, heard.called_with))
            if shown := leaks.leaked(heard.said, right.pieces, heard.pieces, known):
                problem = f"its learner is told {', '.join(shown)}, a piece of the right answer, in: {heard.said}"
                yield trial.found(f"{candidate.name}, leaks", 0.0, problem)


def _guesses(trial: ExerciseTrial, reference: dict[str, Any]) -> Iterator[CandidateResult]:
    """The best of each guesser. What they hand in is graded for a stranger, with an AWS in which nothing was built."""

    def graded(evidence: Mapping[str, Any]) -> Report:
        return trial.report("graded", evidence, STRANGER, trial.bare_aws)

    def practice(evidence: Mapping[str, Any]) -> Report:
        return trial.report("practice", evidence, Draw())

    guesses = {
        "guesser": [guesser.scripted(trial.exercise, practice, render.as_text)],
        "constant": list(guesser.constants(reference, lambda evidence: trial.report("graded", evidence, DRAWS[0]))),
        "another seed": [guesser.replayed(reference, lambda evidence: trial.report("graded", evidence, DRAWS[0]))],
    }
    for name, evidences in guesses.items():
        score = max((graded(evidence).score for evidence in evidences), default=0.0)
        allowed = guesser.LIMIT * trial.exercise.points
        yield trial.found(name, score, f"earns more than {render.number(allowed)} points" if score > allowed else "")


def _corpus(trial: ExerciseTrial, tried: list[Candidate]) -> list[CandidateResult]:
    rights = sum(candidate.name.startswith("right_") for candidate in tried)
    wrongs = sum(candidate.is_wrong for candidate in tried)
    if rights >= RIGHTS and wrongs >= WRONGS:
        return []
    problem = f"has {rights} right and {wrongs} wrong answers in answers/{trial.exercise.id}; it takes {RIGHTS} and {WRONGS}"
    return [trial.found("answers", 0.0, problem)]


def _wrong_answer_problem(candidate: Candidate, practice: Report, graded: Report) -> str:
    tripped = next(part for part in graded.parts if part.name == candidate.trips)
    if tripped.passed:
        return f"part {candidate.trips!r} passes, which this mistake should trip"
    shown = f"{render.as_text(practice)}\n{render.as_text(graded)}"
    unsaid = [words for words in candidate.says if words not in shown]
    return f"{unsaid[0]!r} is not shown; the learner reads: {shown}" if unsaid else ""


def _hidden_without_canary(exercise: Exercise, graders: Path) -> CandidateResult | None:
    hidden = list(graders.glob(f"*/{exercise.notebook}{catalogue.HIDDEN}.py"))
    if exercise.pattern and not hidden:
        problem = f"is a decision without hidden checks; write {exercise.notebook}{catalogue.HIDDEN}.py"
    elif any(canary.TOKEN not in path.read_text() for path in hidden):
        problem = f"its hidden checks carry no canary; put `# {canary.NOTE}` on top of {hidden[0].name}"
    else:
        return None
    return CandidateResult(exercise.id, "hidden checks", 0.0, float(exercise.points), problem)


def notebooks(root: Path) -> list[str]:
    """All notebooks with exercises, in order."""
    return sorted({exercise.notebook for exercise in catalogue.exercises(root / "graders").values()})


def main(arguments: list[str] | None = None) -> int:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    options = _options(arguments)
    root = options.root.resolve()
    table = Table("exercise", "candidate", "points", "problem")
    console = Console(stderr=True)
    try:
        chosen = (options.notebooks or notebooks(root))[options.part[0] - 1 :: options.part[1]]
        with console.status("") as status:
            findings = [
                finding
                for notebook in chosen
                for finding in judge(notebook, root, options.mutants, lambda exercise, what: status.update(f"{exercise}: {what}"))
            ]
        if options.record:
            gate_record.write(findings, root / "graders")
    except (DefinitionError, FileNotFoundError) as error:
        print(f"gate: {error}", file=sys.stderr)
        return 1
    for finding in findings:
        earned = f"{render.number(finding.score)} of {render.number(finding.points)}"
        table.add_row(finding.exercise, escape(_called(finding)), earned, escape(finding.problem or "as it must be"))
    Console().print(table)
    return 1 if any(finding.problem for finding in findings) else 0


def _called(finding: CandidateResult) -> str:
    tally = finding.mutants
    return f"{tally.killed} of {tally.tried} mutants" if tally else finding.candidate


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m course.grading.gate", description=__doc__.split("\n")[0])
    parser.add_argument("notebooks", nargs="*", metavar="NOTEBOOK", help="for example m04_1; all when none is named")
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="the course's folder (default: here)")
    parser.add_argument(
        "--mutants", type=_number_of_mutants, default=NO_MUTANTS, metavar="N|all", help="try so many mutants of each reference (default: 0)"
    )
    parser.add_argument("--part", type=_part, default=(1, 1), metavar="K/N", help="every Nth notebook, from the Kth: two shells, two cores")
    parser.add_argument("--record", action="store_true", help=f"write what came out to answers/*/{gate_record.NAME}; takes all mutants")
    options = parser.parse_args(arguments)
    if options.record and options.mutants is not ALL_MUTANTS:
        parser.error("--record takes --mutants all")
    return options


def _number_of_mutants(text: str) -> int | None:
    return ALL_MUTANTS if text == "all" else int(text)


def _part(text: str) -> tuple[int, int]:
    number, of = map(int, text.split("/"))
    if not 1 <= number <= of:
        raise ValueError(text)
    return number, of


if __name__ == "__main__":
    sys.exit(interrupts.run(main))
