"""`course collect`: copies submissions from nbgrader's exchange, a folder or an LMS's zip into ``submitted/``. Nothing is lost."""

from __future__ import annotations

import argparse
import itertools
import shutil
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from rich.table import Table

from course import interrupts
from course.grading.batches.folder import CourseFolder, FolderError
from course.grading.classroom import (
    class_gradebook,
    exchange_collect,
    import_submissions,
    lessons,
    schedule,
    submission_times,
    submitted_files,
    unpack,
)
from course.grading.classroom.import_submissions import CollectedFolder, ImportedSubmission
from course.grading.classroom.roster import Student
from course.grading.classroom.student_matcher import NoMatch, StudentMatch, StudentMatcher, settled
from course.grading.classroom.submission_status import TIMESTAMP
from course.grading.classroom.submitted_files import SubmissionRejected, SubmittedFile
from course.terminal import ProgressBar, Terminal

NUMBERS = "`lms_user_id` in the roster (Canvas) or --times with the grading worksheet (Moodle) gives the numbers."


@dataclass
class MatchedFiles:
    """The files of a source: by student, unmatched and refused, with late marks and times, and who was found by name alone."""

    files: dict[str, list[tuple[tuple[str, ...], SubmittedFile]]] = field(default_factory=lambda: defaultdict(list))
    unmatched: list[tuple[SubmittedFile, str]] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    late: set[str] = field(default_factory=set)
    by_name: set[str] = field(default_factory=set)
    at: dict[str, datetime] = field(default_factory=dict)


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when everything was imported, 1 when a file matches nobody or was refused, 2 when nothing could be done."""
    options = _parser().parse_args(arguments)
    try:
        return interrupts.run(lambda: _collect(options))
    except (
        schedule.ClassScheduleError,
        FolderError,
        submission_times.SubmissionTimesError,
        lessons.CommandError,
        SubmissionRejected,
    ) as error:
        for line in str(error).splitlines():
            print(f"course collect: {line}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="course collect", description=__doc__)
    parser.add_argument("lesson", metavar="LESSON", help="for example m04_training")
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--from", dest="folder", type=Path, metavar="FOLDER", help="a folder with one folder for each student, or an unpacked zip of an LMS"
    )
    source.add_argument("--zip", type=Path, metavar="FILE", help="all submissions, as downloaded from Canvas or Moodle")
    source.add_argument("--exchange", action="store_true", help="nbgrader's exchange (default, when class.yaml has one)")
    parser.add_argument(
        "--times", type=Path, metavar="FILE", help="table of submission times: Moodle's grading worksheet, or the columns id,submitted"
    )
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="the course's folder (default: here)")
    parser.add_argument("--db", default="", metavar="URL", help="nbgrader's gradebook (default: gradebook.db there)")
    return parser


def _collect(options: argparse.Namespace) -> int:
    course = CourseFolder(options.root.resolve())
    plan = schedule.read(course.root)
    notebooks = course.notebooks(options.lesson)
    with class_gradebook.open_gradebook(course.root, options.db, plan.course) as opened:
        students = class_gradebook.students(opened)
    if not students:
        raise schedule.ClassScheduleError("the gradebook has no students. Add the class: `course class init roster.csv`.")
    known = submission_times.read(options.times, students, plan.zone) if options.times else submission_times.SubmissionTimes()
    finder = StudentMatcher(students, options.lesson, course.assignments(), known.participants)
    with tempfile.TemporaryDirectory(prefix=".collect-", dir=course.root) as stage:
        label, found = _source(options, course, plan, Path(stage))
        matched = _sort(found, finder, wrapped=bool(options.zip))
        if not matched.files and not matched.unmatched and not matched.refused:
            raise SubmissionRejected(f"{label} has nothing for {options.lesson}.")
        imported = _import_all(matched, course, options.lesson, notebooks, known, Path(stage))
        _keep_unmatched(matched, CollectedFolder(course.root, options.lesson).unmatched / label)
    missing = [student for student in students if not course.submission(student.id, options.lesson).is_dir()]
    return _report(imported, matched, missing, CollectedFolder(course.root, options.lesson).unmatched / label)


def _source(
    options: argparse.Namespace, course: CourseFolder, plan: schedule.ClassSchedule, stage: Path
) -> tuple[str, submitted_files.Found]:
    """A name for the source, and the files in it."""
    if options.zip:
        try:
            return options.zip.stem, iter(list(submitted_files.in_zip(options.zip)))
        except SubmissionRejected as error:
            raise SubmissionRejected(f"{options.zip}: {error}. Nothing was collected; download it once more.") from None
    if options.folder:
        if not options.folder.is_dir():
            raise FolderError(f"there is no folder {options.folder}.")
        return options.folder.resolve().name, submitted_files.in_folder(options.folder)
    if plan.exchange is None:
        raise schedule.ClassScheduleError("name a folder with --from or a zip with --zip, because class.yaml has no exchange.")
    lessons.nbgrader(
        course.root,
        "collect",
        options.lesson,
        f"--course={plan.course}",
        f"--Exchange.root={plan.exchange}",
        "--ExchangeFactory.collect=course.grading.classroom.exchange_collect.PlainCollect",  # whatever is configured
        f"--PlainCollect.remarks={stage / 'remarks.jsonl'}",
        f"--CourseDirectory.submitted_directory={stage.name}/exchange",
        *([f"--CourseDirectory.db_url={options.db}"] if options.db else []),
    )
    left_out = exchange_collect.left_out(stage / "remarks.jsonl")
    return "exchange", itertools.chain(left_out, submitted_files.in_folder(stage / "exchange"))


def _sort(found: submitted_files.Found, finder: StudentMatcher, wrapped: bool) -> MatchedFiles:
    """Sort files by student; ``wrapped``: one folder may stand around all of them."""
    matched, files, whose = MatchedFiles(), list[SubmittedFile](), list[tuple[SubmittedFile, StudentMatch]]()
    for each in found:
        if isinstance(each, SubmittedFile):
            files.append(each)
        else:
            matched.refused.append(each)
    outer = _wrapper(files, finder) if wrapped else 0
    for each in files:
        match = finder.find(each.path[outer:])
        if isinstance(match, StudentMatch):
            whose.append((each, match))
        elif isinstance(match, NoMatch):
            matched.unmatched.append((each, match.why))
    for each, match in settled(whose):
        if isinstance(match, NoMatch):
            matched.unmatched.append((each, match.why))
        elif match.file == (TIMESTAMP,):
            # Only nbgrader and the instructor write times: in an LMS's zip such a file is the student's own.
            if match.own_folder and (at := import_submissions.time_in(each)):
                matched.at[match.student] = at
        else:
            matched.files[match.student].append((match.file, each))
            matched.late |= {match.student} if match.late else set()
            matched.by_name |= {match.student} if match.weak and not match.own_folder else set()
    return matched


def _wrapper(files: Sequence[SubmittedFile], finder: StudentMatcher) -> int:
    """1 when all files are in one folder that is no student's, as in a zip of a folder; else 0."""
    tops = {each.path[0] if len(each.path) > 1 else "" for each in files}
    return int(len(tops) == 1 and "" not in tops and finder.names_nobody(*tops))


def _import_all(
    matched: MatchedFiles, course: CourseFolder, lesson: str, notebooks: Sequence[str], known: submission_times.SubmissionTimes, stage: Path
) -> list[ImportedSubmission]:
    imported = []
    with ProgressBar(console=Terminal(), transient=True) as progress:
        task = progress.add_task("collecting", total=len(matched.files))
        for student, entries in sorted(matched.files.items()):
            progress.update(task, advance=1, description=f"collecting {student}")
            staged = stage / "staged" / student
            try:
                notes = unpack.unpack(entries, staged, notebooks)
            except SubmissionRejected as error:
                matched.refused.append((student, str(error)))
            else:
                one = import_submissions.import_submission(
                    staged, course, student, lesson, known.at.get(student) or matched.at.get(student)
                )
                one.notes[:0], one.late = notes, student in matched.late
                imported.append(one)
            shutil.rmtree(staged, ignore_errors=True)
    return imported


def _keep_unmatched(matched: MatchedFiles, folder: Path) -> None:
    for entry, _ in matched.unmatched:
        try:
            import_submissions.keep_unmatched(entry, folder)
        except SubmissionRejected as error:
            matched.refused.append((entry.name, str(error)))


def _report(imported: Sequence[ImportedSubmission], matched: MatchedFiles, missing: Iterable[Student], unmatched: Path) -> int:
    terminal = Terminal()
    table = Table("student", "it is", "files", "handed in (UTC)", "remarks")
    for one in imported:
        at = one.at.strftime("%Y-%m-%d %H:%M") if one.at else "not known"
        marked = ["Canvas marks it as late; --times gives the time"] if one.late and not one.at else []
        table.add_row(one.student, one.what, str(one.files), at, "\n".join([*marked, *one.notes]))
    if imported:
        terminal.print(table)
    absent = ", ".join(student.id for student in missing)
    terminal.say(f"{len(imported)} handed in; nothing yet from: {absent or 'nobody'}.")
    if matched.by_name:
        terminal.say(f"Found by name alone, which students may be able to change: {', '.join(sorted(matched.by_name))}. {NUMBERS}")
    for entry, why in matched.unmatched:
        terminal.say(f"Unmatched: {entry.name} ({why}).")
    if matched.unmatched:
        advice = "Name each folder by its student's id and collect it with --from."
        terminal.say(f"Kept in {unmatched}. {advice}")
    for name, why in matched.refused:
        terminal.say(f"Refused: {name}: {why}.")
    return 1 if matched.unmatched or matched.refused else 0


if __name__ == "__main__":
    sys.exit(main())
