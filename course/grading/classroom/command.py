"""`course class`: makes a class from a roster, applies its dates, and shows its submissions."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from rich.table import Table

from course import interrupts
from course.grading.batches.folder import CourseFolder
from course.grading.classroom import class_gradebook, lessons, roster, schedule, submission_status
from course.terminal import ProgressBar, Terminal

COURSE = "from_data_to_deployment"


def main(arguments: Sequence[str] | None = None) -> int:
    """0 on success, 2 on failure, with the reason on stderr."""
    options = _parser().parse_args(arguments)
    options.root = options.root.resolve()
    try:
        return interrupts.run(lambda: options.do(options))
    except (roster.RosterError, schedule.ClassScheduleError, lessons.CommandError) as error:
        for line in str(error).splitlines():
            print(f"course class: {line}", file=sys.stderr)
        if isinstance(error, lessons.CommandError):
            print("course class: the steps before this are done; `course class apply` continues from here.", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--root", type=Path, default=Path.cwd(), help="the course's folder (default: here)")
    common.add_argument("--db", default="", metavar="URL", help="nbgrader's gradebook (default: gradebook.db there)")
    parser = argparse.ArgumentParser(prog="course class", description=__doc__)
    actions = parser.add_subparsers(required=True, metavar="init | apply | status")
    init = actions.add_parser(
        "init", parents=[common], help="add the students of a roster, write the dates to class.yaml, generate the lessons"
    )
    init.add_argument("roster", type=Path, help="a CSV file with a column `id`, or as Canvas or Moodle exports it")
    init.add_argument("--encoding", default="", help="encoding of the roster, if it is neither UTF-8 nor UTF-16")
    init.add_argument("--id-column", default="", metavar="HEADING", help="the roster's column of ids, if it is not the usual one")
    init.add_argument("--lessons", nargs="+", metavar="LESSON", help="only these (default: all there are)")
    init.add_argument("--start", type=date.fromisoformat, default=date.today(), metavar="DATE", help="of the first lesson (default: today)")
    init.add_argument("--days", type=int, default=7, metavar="N", help="between two lessons, and to hand one in (default: %(default)s)")
    init.add_argument("--timezone", default="UTC", metavar="ZONE", help="of the dates, such as Europe/Zurich (default: UTC)")
    init.add_argument("--exchange", type=Path, metavar="FOLDER", help="nbgrader's exchange, when students fetch and submit there")
    init.add_argument("--course", default=COURSE, metavar="ID", help="the course's name in the exchange (default: %(default)s)")
    init.set_defaults(do=_init)
    apply = actions.add_parser("apply", parents=[common], help="update the gradebook and the exchange to match class.yaml")
    apply.set_defaults(do=_apply)
    shown = actions.add_parser("status", parents=[common], help="who has handed in what, and what is due")
    shown.add_argument("lessons", nargs="*", metavar="LESSON", help="default: all lessons of the class")
    shown.set_defaults(do=_status)
    return parser


def _init(options: argparse.Namespace) -> int:
    students = roster.read(options.roster, options.encoding, options.id_column)
    there = lessons.available_lessons(options.root)
    path = options.root / schedule.NAME
    if not there:
        raise schedule.ClassScheduleError(f"{options.root} has no lessons in solutions/; go to the course's folder or name it with --root.")
    if options.days < 1:
        raise schedule.ClassScheduleError(f"--days is at least 1; it is {options.days}.")
    made = not path.exists()
    if made:
        exchange = options.exchange.resolve() if options.exchange else None
        wanted = options.lessons or there
        _write(path, schedule.draft(options.course, options.timezone, exchange, wanted, options.start, options.days))
    try:
        plan = schedule.read(options.root, there)
        with class_gradebook.open_gradebook(options.root, options.db, plan.course) as opened:
            new, gone = class_gradebook.enrol(opened, students)
    except BaseException:
        if made:
            path.unlink()
        raise
    print(f"{len(students)} students, {new} of them new in the gradebook.")
    if gone:
        print(f"In the gradebook but not in this roster (they stay there): {', '.join(gone)}.")
    print(f"Dates: {path}" if made else f"Dates: {path} is unchanged; edit it to change dates, lessons or the exchange.")
    return _apply(options)


def _apply(options: argparse.Namespace) -> int:
    plan = schedule.read(options.root, lessons.available_lessons(options.root))
    with class_gradebook.open_gradebook(options.root, options.db, plan.course) as opened:
        waiting = [each.name for each in plan.lessons if not _generated(options.root, opened, each.name)]
        with ProgressBar(console=Terminal(), disable=not waiting) as progress:
            task = progress.add_task("lessons", total=len(waiting))
            for name in waiting:
                progress.update(task, description=f"generating {name}")
                lessons.generate(options.root, name, options.db)
                progress.advance(task)
        opened.db.expire_all()
        dated = class_gradebook.set_due_dates(opened, plan)
    released = _release(options.root, plan)
    for what, names in (("Generated", waiting), ("Due dates set", dated), ("Released to the exchange", released)):
        print(f"{what}: {', '.join(names) or 'nothing to do'}.")
    return 0


def _generated(root: Path, opened: object, lesson: str) -> bool:
    return any((root / "notebooks" / lesson).glob("*.ipynb")) and class_gradebook.has_lesson(opened, lesson)


def _release(root: Path, plan: schedule.ClassSchedule) -> list[str]:
    if plan.exchange is None:
        return []
    now = datetime.now(UTC)
    come = [lesson.name for lesson in plan.lessons if lesson.release and lesson.release <= now]
    return [name for name in come if lessons.release(root, name, plan)]


def _status(options: argparse.Namespace) -> int:
    plan = schedule.read(options.root)
    shown = [plan.lesson(name) for name in options.lessons] or list(plan.lessons)
    if unknown := [lesson.name for lesson in shown if lesson not in plan.lessons]:
        raise schedule.ClassScheduleError(f"the class has no lesson {unknown[0]!r}, but {', '.join(each.name for each in plan.lessons)}.")
    with class_gradebook.open_gradebook(options.root, options.db, plan.course) as opened:
        students = [student.id for student in class_gradebook.students(opened)]
    found = submission_status.table(CourseFolder(options.root), students, shown)
    now = datetime.now(UTC)
    dates = Table("lesson", "released", f"due ({plan.zone})", "now", "handed in", "late", "no time")
    for lesson in shown:
        states = [theirs[lesson.name].state for theirs in found.values()]
        came = sum(state != submission_status.MISSING for state in states)
        dates.add_row(
            lesson.name,
            plan.local(lesson.release),
            plan.local(lesson.due),
            submission_status.state_of(lesson, now),
            f"{came} of {len(students)}",
            str(states.count(submission_status.LATE)),
            str(states.count(submission_status.UNDATED)),
        )
    each = Table("student", *(lesson.name for lesson in shown))
    for student, theirs in found.items():
        each.add_row(student, *(str(theirs[lesson.name]) for lesson in shown))
    terminal = Terminal()
    terminal.print(dates)
    terminal.print(each)
    return 0


def _write(path: Path, text: str) -> None:
    beside = path.with_suffix(".new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


if __name__ == "__main__":
    sys.exit(main())
