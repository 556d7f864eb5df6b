"""Runs a submission, and once more where a single run does not show whose fault it is that an exercise could not be judged.

=====================================================  =====================================================================
What happened                                          What follows
=====================================================  =====================================================================
The check raised an error, or ended its process        The reference is judged for the same student and seed. If that fails in
                                                       the same way, the exercise is *ungraded*; else the answer is at fault.
The submission's own local AWS did not answer the      The submission runs once more, alone, on a fresh local AWS. If it happens
grader, or its judge ran out of time                   again, the reference is judged, alone, too. If that goes well, the exercise
                                                       has 0 points and says so; else it is *ungraded*.
The machine failed: a full disk, a missing library     The exercise is *ungraded*.
=====================================================  =====================================================================
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from nbformat.notebooknode import NotebookNode

from course.grading.submission.reference import reference_notebook
from course.grading.submission.run import CELL_SECONDS, NotebookRun, Submission, outputs, run_once
from course.grading.submission.server import FAULT, GradingOutcome, stopped

SILENT = (
    "Your notebook's own local AWS did not answer the grader, or answered too slowly, while this exercise was judged. It was the same when "
    "your notebook ran a second time, alone, on a fresh local AWS; the reference answer was judged without trouble. Look for code of yours "
    "that keeps the local AWS busy, such as threads or requests that go on."
)
MACHINE = "a fault of this machine, it seems"  # prefix of a fault that another run may not have
WAITS = "it runs once more, alone, at the end of the batch"

OnOutcome = Callable[[GradingOutcome], None]


def run(
    notebook: NotebookNode,
    submission: Submission,
    released: Sequence[NotebookNode] = (),
    cell_seconds: float = CELL_SECONDS,
    on_outcome: OnOutcome = lambda outcome: None,
    later: bool = False,
    again: Mapping[str, str] | None = None,
) -> NotebookRun:
    """Execute a repaired notebook and judge its exercises. Replaces the outputs of its cells; check cells get the grader's reports.

    Parameters
    ----------
    notebook, submission, released, cell_seconds, on_outcome
        As in `run_once`. With a second run, ``on_outcome`` is called for its outcomes, too.
    later : bool
        Whether a second run is left to the caller. Its reasons are then in `NotebookRun.again`, and these exercises have no score yet.
    again : mapping, optional
        This is the second run, for these reasons: what `NotebookRun.again` of the first one was.

    Raises
    ------
    StartError
    """
    if again is None:
        done = run_once(notebook, submission, released, cell_seconds, on_outcome)
        done.again = {name: outcome.fault or outcome.raised for name, outcome in done.outcomes.items() if outcome.doubtful}
        if done.again and later:
            for name, why in done.again.items():
                done.outcomes[name] = _ungraded(notebook, name, done.outcomes[name], f"{why}; {WAITS}")
        _judge_reference(
            _names(done, lambda outcome: bool(outcome.raised) and not outcome.doubtful), notebook, submission, cell_seconds, done
        )
        if later or not done.again:
            return done
        again = done.again
    return _second(notebook, submission, released, cell_seconds, on_outcome, again)


def _second(
    notebook: NotebookNode,
    submission: Submission,
    released: Sequence[NotebookNode],
    cell_seconds: float,
    on_outcome: OnOutcome,
    again: Mapping[str, str],
) -> NotebookRun:
    """The second run, alone; its outcomes replace all of the first one."""
    done = run_once(notebook, submission, released, cell_seconds, on_outcome)
    first = [f"run again, alone: in the first run {why}" for why in again.values()]
    silent = _names(done, lambda outcome: outcome.doubtful)
    done.notes[:0] = [*first, *([] if silent else ["the second run went well, and its scores count"])]
    _judge_reference(_names(done, lambda outcome: bool(outcome.raised) or outcome.doubtful), notebook, submission, cell_seconds, done)
    return done


def _names(done: NotebookRun, which: Callable[[GradingOutcome], bool]) -> list[str]:
    return [name for name, outcome in done.outcomes.items() if which(outcome)]


def _judge_reference(names: Sequence[str], notebook: NotebookNode, submission: Submission, cell_seconds: float, done: NotebookRun) -> None:
    """Decide by the reference answer whose fault it is that these exercises could not be judged.

    The reference is run in the same way, for the same student and seed, so that the checks have the same cases.
    """
    if not names:
        return
    theirs = _outcomes_of_reference(names, submission, cell_seconds)
    for name in names:
        outcome = done.outcomes[name]
        what = outcome.fault or outcome.raised
        failed = theirs is not None and bool(theirs[name].raised or theirs[name].fault)
        if outcome.doubtful and (failed or theirs is None):
            same = "the reference answer had the same trouble" if failed else f"{submission.source} has no reference answer to compare with"
            done.outcomes[name] = _ungraded(notebook, name, outcome, f"{MACHINE}: {what}, in two runs; {same}")
        elif failed:
            done.outcomes[name] = _ungraded(notebook, name, outcome, f"{what}; so it does on the reference answer")
        elif outcome.doubtful:
            done.notes.append(f"{what}, again in the second run, but not on the reference answer: the submission's fault")
            # The evidence stays.
            report = stopped(outcome.report.exercise, SILENT)
            done.outcomes[name] = _shown(notebook, name, GradingOutcome(report, raised=what, evidence=outcome.evidence))
        else:
            done.notes.append(
                f"{submission.source} has no reference answer: a check that raised an error counts as the answer's fault"
                if theirs is None
                else f"{what}; not on the reference answer, so it counts as the answer's fault"
            )


def _outcomes_of_reference(names: Iterable[str], submission: Submission, cell_seconds: float) -> dict[str, GradingOutcome] | None:
    """Check cell -> outcome; None when the lesson has no reference answers."""
    reference = reference_notebook(submission.source, names)
    if reference is None:
        return None
    with tempfile.TemporaryDirectory() as nothing:
        return run_once(reference, replace(submission, handed_in=Path(nothing)), (), cell_seconds).outcomes


def _ungraded(notebook: NotebookNode, name: str, outcome: GradingOutcome, why: str) -> GradingOutcome:
    # The evidence stays: `course rescore` judges it again with the corrected check.
    return _shown(notebook, name, GradingOutcome(stopped(outcome.report.exercise, FAULT), fault=why, evidence=outcome.evidence))


def _shown(notebook: NotebookNode, name: str, outcome: GradingOutcome) -> GradingOutcome:
    """The outcome, which the notebook shows from now on."""
    cell = next(cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == name)
    cell.outputs = outputs(outcome)
    return outcome
