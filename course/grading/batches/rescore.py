"""`course rescore`: judges a class again with corrected checks, from the recorded evidence. It runs no notebook."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from course.grading import catalogue, render
from course.grading.batches import changes, exports, overrides
from course.grading.batches.command import grading_tasks
from course.grading.batches.folder import CourseFolder, FolderError
from course.grading.batches.grade import OTHER_POINTS, GradingTask, finished
from course.grading.batches.result import Result
from course.grading.insight import grading_summary
from course.grading.sandbox.one_package import PackagesError, require_one_package
from course.grading.submission import evidence
from course.grading.submission.evidence import Evidence, NotRecorded, RecordedCalls, replaying, tokens_of
from course.grading.submission.server import judge
from course.terminal import Terminal


class CheckRaised(Exception):
    """A check raises an error on a recorded answer; a run of the reference shows whose fault it is."""


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when every exercise could be judged again, 1 when one could not, 2 when nothing could be done."""
    parser = argparse.ArgumentParser(prog="course rescore", description=__doc__)
    parser.add_argument("assignments", nargs="*", metavar="LESSON", help="default: all released lessons")
    parser.add_argument("--students", nargs="+", metavar="ID", help="only these")
    parser.add_argument("--personal", action="store_true", help="each learner worked on a personal variant")
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="the course's folder (default: here)")
    parser.add_argument("--db", default="", metavar="URL", help="nbgrader's gradebook (default: the one in nbgrader_config.py)")
    options = parser.parse_args(arguments)
    folder = CourseFolder(options.root.resolve())
    try:
        require_one_package(folder.root)
        works = grading_tasks(folder, options.assignments, options.students, options.personal)
        pairs = [(old, _rescore(work, old)) for work in works if (old := Result.read(work.results, work.notebook))]
        made = overrides.decisions(folder)
        results = [overrides.apply_decisions(new, made) for _, new in pairs]
        results = exports.gradebook(results, folder, options.db)
        grading_summary.write(folder, results)
    except (FolderError, PackagesError) as error:
        print(f"course rescore: {error}", file=sys.stderr)
        return 2
    return _print_changes(pairs, Terminal())


def _rescore(work: GradingTask, old: Result) -> Result:
    new = rescored(work, old)
    new.write(work.results)
    return new


def rescored(work: GradingTask, old: Result) -> Result:
    """The result of the recorded run with today's checks. An exercise whose check needs more than the recording keeps its score, with
    a note."""
    if old.fault or not work.evidence.exists():
        return old
    known, exercises, notes = evidence.read(work.evidence), dict(old.exercises), []
    for name, recorded in known.items():
        try:
            exercises[name] = exercises[name] | _judged(work, name, recorded, exercises[name]["points"])
        except (NotRecorded, CheckRaised) as error:
            notes.append(f"{name} cannot be judged again without a run: {error}")
    blank = work.empty_result()
    # With a note the result keeps its old key, so that `course grade --resume` runs it again.
    version = {} if notes else {"checks": blank.checks, "key": blank.key}
    return finished(replace(old, exercises=exercises, notes=[*old.notes, *notes], **version))


def _judged(work: GradingTask, name: str, recorded: Evidence, released: float) -> dict:
    """Score, fault and report of an exercise; ``released`` are its points in the released notebook."""
    exercise = catalogue.find(name, work.folder.graders)
    catalogue.load_hidden(exercise, work.folder.graders)
    outcome = judge(exercise, recorded, RecordedCalls(recorded).call, replaying(recorded), work.draw, tokens_of(recorded))
    if outcome.raised:
        raise CheckRaised(outcome.raised)
    score, fault = (outcome.score, outcome.fault) if exercise.points == released else (None, OTHER_POINTS)
    return {"score": score, "fault": fault, "report": render.as_json(outcome.report)}


def _print_changes(pairs: Sequence[tuple[Result, Result]], terminal: Terminal) -> int:
    changed = list(changes.changes(pairs))
    if changed:
        terminal.print(changes.table(changed))
    left = [f"{new.student}: {note}" for old, new in pairs for note in new.notes if note not in old.notes]
    for line in left:
        terminal.say(line)
    terminal.say(f"{len(pairs)} notebooks judged again; {len(changed)} scores changed.")
    if left:
        terminal.say("`course grade --resume` runs those that could not be judged from their recorded evidence.")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
