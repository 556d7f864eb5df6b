"""Judges all candidate answers of a notebook's exercises: the rules of the gate (`course.grading.gate`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from course import canary
from course.grading import catalogue, render
from course.grading.errors import DefinitionError
from course.grading.exercise.exercise import Exercise
from course.grading.exercise.seeds import Draw
from course.grading.gate import guesser, leaks, loot, mutation, record, rounding, thief
from course.grading.gate.candidates import REGION, Candidate, candidates, code_cells, source_of
from course.grading.gate.exercise_trial import DRAWS, CandidateResult, ExerciseTrial
from course.grading.gate.source_runner import Namespace, run, scratch_workspace
from course.grading.report import Report

OTHER_STUDENT = Draw(learner="somebody else", student="somebody else", seed="another seed")
SAME_LEARNER = Draw(student="somebody else", seed="another seed")  # with the variant at hand, and other cases
RIGHTS, WRONGS = 1, 3  # the least number of right and wrong candidates of an exercise
NO_MUTANTS, ALL_MUTANTS = 0, None

OnProgress = Callable[[str, str], None]  # (exercise, description of the current trial)


def judge(
    notebook: str,
    root: Path,
    mutants: int | None = NO_MUTANTS,
    on_progress: OnProgress = lambda exercise, what: None,
    draws: int = len(DRAWS),
) -> list[CandidateResult]:
    """All findings on the exercises of one notebook of the course in ``root``.

    Parameters
    ----------
    notebook : str
        Or one of its exercises, which alone is tried: ``"m04_1_ex2"``.
    root : Path
    mutants : int, optional
        How many mutants of each exercise to try, always the same ones; `ALL_MUTANTS` for all.
    on_progress : callable
        Called with the exercise and the description of the next trial.
    draws : int
        On how many draws right answers are tried with other fractions (`course.grading.gate.rounding`).

    Raises
    ------
    DefinitionError
        When a definition or a candidate is malformed, or a cell before an exercise fails.
    """
    graders = root / "graders"
    name = notebook.partition("_ex")[0]
    exercises = catalogue.of_notebook(name, graders)
    tried = [each for each in exercises if notebook in (name, each)]
    if not tried:
        raise DefinitionError(f"no exercises of notebook {notebook!r} under {graders}.")
    source = source_of(name, root / "solutions")
    public = REGION.sub("", source.read_text())
    findings = [finding for each in tried if (finding := _hidden_without_canary(exercises[each], graders))]
    with scratch_workspace(source.parent, graders) as bare_aws:
        namespace: Namespace = {"__name__": "__main__"}
        cells = code_cells(source)
        for number, cell in enumerate(cells, 1):
            if cell.role == "answer" and cell.exercise in tried:
                exercise = exercises[cell.exercise]
                catalogue.load_hidden(exercise, graders)
                check = next(other for other in cells if other.role == "check" and other.exercise == cell.exercise)
                trial = ExerciseTrial(exercise, cell, check, namespace, bare_aws)
                findings += _findings(trial, graders, source.parent, public, mutants, draws, on_progress)
                if exercise.id == notebook:
                    break
            elif cell.role in ("", "answer"):
                on_progress(name, f"code cell {number}")
                run(cell.text, namespace, f"{name}, code cell {number}")
    return findings


def _findings(
    trial: ExerciseTrial, graders: Path, lesson: Path, public: str, mutants: int | None, draws: int, on_progress: OnProgress
) -> list[CandidateResult]:
    """Try the mutants, then all candidates with the reference last, then, for a decision, the guessers, and the thief."""
    exercise = trial.exercise
    found: list[CandidateResult] = []
    feedback: list[tuple[Candidate, CandidateFeedback]] = []
    if mutants != NO_MUTANTS:
        found += mutation.findings(trial, graders, mutants, lambda done, of: on_progress(exercise.id, f"mutant {done} of {of}"))
    before = dict(trial.namespace)
    for candidate in candidates(exercise, trial.answer.text, graders):
        on_progress(exercise.id, candidate.name)
        space = trial.namespace if candidate.name == "reference" else dict(before)
        evidence = trial.evidence(candidate.name, candidate.code, space)
        finding, its_feedback = _finding(trial, candidate, evidence)
        found.append(finding)
        if candidate.is_right and not finding.problem:
            on_progress(exercise.id, f"{candidate.name}, other fractions")
            found += rounding.findings(trial, candidate.name, evidence, draws)
        feedback.append((candidate, its_feedback))
    found += _leaks(trial, feedback, public)
    if exercise.pattern and not finding.problem:
        on_progress(exercise.id, "guessers")
        found += _guesses(trial, evidence)
    if not finding.problem:
        on_progress(exercise.id, record.THIEF)
        found.append(_theft(trial, loot.of_lesson(graders / lesson.name, lesson / "given"), its_feedback.evidence, before))
    return found + _too_few_candidates(trial, [candidate for candidate, _ in feedback])


@dataclass(frozen=True)
class CandidateFeedback:
    """What a candidate's graded report told.

    Attributes
    ----------
    report : str
        Its text.
    pieces : tuple
        `leaks.pieces` of the candidate's values and results.
    called_with : str
        The arguments that its functions got.
    evidence : mapping
        What the candidate handed in; its functions are recorders that were called.
    """

    report: str = ""
    pieces: tuple[leaks.Piece, ...] = ()
    called_with: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)


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
        reports = [practice, graded, *(trial.report("graded", evidence, draw) for draw in DRAWS[1:-1])]
        reports.append(trial.report("graded", evidence, DRAWS[-1], trial.graders_aws))
        failed = [report for report in reports if not report.passed]
        problem = f"a right answer fails: {render.as_text(failed[0])}" if failed else ""
    found = trial.found(candidate.name, graded.score, problem)
    return replace(found, holds=practice.passed) if candidate.is_wrong else found, _feedback(graded, recorded)


def _feedback(graded: Report, recorded: Any) -> CandidateFeedback:
    if not isinstance(recorded, Mapping):
        return CandidateFeedback(render.as_text(graded))
    functions = [given for given in recorded.values() if isinstance(given, guesser.Recorder)]
    values = [given for given in recorded.values() if not callable(given)]
    results = [list(function.results.values()) for function in functions]
    calls = " ".join(arguments for function in functions for arguments in function.results)
    return CandidateFeedback(render.as_text(graded), tuple(leaks.pieces([values, results])), calls, recorded)


def _leaks(trial: ExerciseTrial, feedback: list[tuple[Candidate, CandidateFeedback]], public: str) -> Iterator[CandidateResult]:
    """Pieces of the right answer, the last of the candidates, that the reports on wrong answers show."""
    right = feedback[-1][1]
    exercise = trial.exercise
    for candidate, wrong in feedback:
        if candidate.is_wrong:
            known = "\n".join((public, exercise.title, *exercise.hints, candidate.code, right.called_with, wrong.called_with))
            if shown := leaks.leaked(wrong.report, right.pieces, wrong.pieces, known):
                problem = f"its report shows {', '.join(shown)}, a piece of the right answer: {wrong.report}"
                yield trial.found(f"{candidate.name}, leaks", 0.0, problem)


def _guesses(trial: ExerciseTrial, reference: dict[str, Any]) -> Iterator[CandidateResult]:
    """The best score of each guesser. Their evidence is graded for another student, with an AWS in which nothing was built."""

    def graded(evidence: Mapping[str, Any]) -> Report:
        return trial.report("graded", evidence, OTHER_STUDENT, trial.bare_aws)

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


def _theft(trial: ExerciseTrial, found: loot.Loot, reference: Mapping[str, Any], shown: Namespace) -> CandidateResult:
    """The best score of answers that are made of importable code, graded for the same learner with other cases."""
    best, how = 0.0, ""
    for name, evidence in thief.answers(trial.exercise, found, reference, shown):
        try:
            score = trial.report("graded", evidence, SAME_LEARNER).score
        except Exception as error:
            return trial.found(record.THIEF, best, f"the check itself raised {type(error).__name__} on {name}: {error}")
        best, how = max((best, how), (score, name))
    allowed = guesser.LIMIT * trial.exercise.points
    problem = f"earns more than {render.number(allowed)} points with what learners can import: {how}" if best > allowed else ""
    return trial.found(record.THIEF, best, problem)


def _too_few_candidates(trial: ExerciseTrial, tried: list[Candidate]) -> list[CandidateResult]:
    rights = sum(candidate.name.startswith("right_") for candidate in tried)
    wrongs = sum(candidate.is_wrong for candidate in tried)
    if rights >= RIGHTS and wrongs >= WRONGS:
        return []
    problem = f"has {rights} right and {wrongs} wrong answers in answers/{trial.exercise.id}; it takes {RIGHTS} and {WRONGS}"
    return [trial.found("answers", 0.0, problem)]


def _wrong_answer_problem(candidate: Candidate, practice: Report, graded: Report) -> str:
    tripped = next(part for part in graded.parts if part.name == candidate.trips)
    if tripped.passed:
        return f"part {candidate.trips!r} passes, but this mistake should fail it"
    shown = f"{render.as_text(practice)}\n{render.as_text(graded)}"
    unsaid = [words for words in candidate.says if words not in shown]
    return f"{unsaid[0]!r} is not in the report; it says: {shown}" if unsaid else ""


def _hidden_without_canary(exercise: Exercise, graders: Path) -> CandidateResult | None:
    hidden = catalogue.hidden_checks(exercise, graders)
    parts = sorted(graders.glob(f"*/{exercise.notebook}_*{catalogue.HIDDEN}.py"))
    if exercise.pattern and not hidden:
        problem = f"is a decision without hidden checks; write {exercise.notebook}{catalogue.HIDDEN}.py"
    elif bare := [path.name for path in (*hidden, *parts) if canary.TOKEN not in path.read_text()]:
        problem = f"its hidden checks have no canary; put `# {canary.NOTE}` on top of {bare[0]}"
    else:
        return None
    return CandidateResult(exercise.id, "hidden checks", 0.0, float(exercise.points), problem)


def notebooks(root: Path) -> list[str]:
    """All notebooks with exercises, in order."""
    return sorted({exercise.notebook for exercise in catalogue.exercises(root / "graders").values()})
