"""`nbgrader collect` for folders that students filled: it follows no link, believes no name of a folder, and one bad folder stops nobody.

An inbound folder is made under the student's account, and its name says `student+lesson+time+random`. The student of the name counts only
when the folder's owner confirms it. The time is the one that the student's own `nbgrader submit` wrote: nbgrader trusts it, and so do we.
"""

from __future__ import annotations

import json
import os
import stat
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatch
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.exchange import default
from traitlets import Unicode

from course.grading.classroom import submitted_files
from course.grading.classroom.inbound_copy import copied
from course.grading.classroom.roster import id_problem
from course.grading.classroom.submission_status import TIMESTAMP, parsed_time

STAMP = "%Y-%m-%d %H:%M:%S.%f UTC"  # as `nbgrader submit` writes it


@dataclass(frozen=True)
class Inbound:
    """One folder of the exchange that is named by student, lesson and time (UTC)."""

    student: str
    at: datetime
    folder: Path


class PlainCollect(default.ExchangeCollect):
    """nbgrader's `ExchangeCollect`, with the same settings."""

    remarks = Unicode("", help="A file to which a line of JSON is added for each folder or file that was left out: name and reason.").tag(
        config=True
    )

    def init_src(self) -> None:
        """Choose each student's folder: the newest one, or with ``before_duedate`` the newest one in time."""
        if not self.coursedir.course_id:
            self.fail("No course id specified. Re-run with --course flag.")
        self.inbound_path = Path(self.root, self.coursedir.course_id, "inbound")
        if not self.inbound_path.is_dir():
            self.fail(f"Course not found: {self.inbound_path}")
        by_student: dict[str, list[Inbound]] = {}
        for each in self._inbound():
            by_student.setdefault(each.student, []).append(each)
        due = self._due()
        self.src_records = [_chosen(records, due) for _, records in sorted(by_student.items())]

    def copy_files(self) -> None:
        """Copy the chosen folders to ``submitted/``, each on its own."""
        self.log.info("Processing %d submissions of '%s'", len(self.src_records), self.coursedir.assignment_id)
        for each in self.src_records:
            target = Path(self.coursedir.format_path(self.coursedir.submitted_directory, each.student, self.coursedir.assignment_id))
            if not self._wanted(each, target):
                self.log.info("Submission already exists, use --update to update: %s", each.student)
                continue
            try:
                self._collect(each, target)
            except (OSError, submitted_files.SubmissionRejected) as error:
                self._leave_out(each.folder.name, getattr(error, "strerror", None) or str(error))

    def _inbound(self) -> Iterator[Inbound]:
        lesson, only = self.coursedir.assignment_id, self.coursedir.student_id or "*"
        for entry in sorted(os.scandir(self.inbound_path), key=lambda each: each.name):
            student, *rest = entry.name.split("+")  # no id has a plus sign
            if not rest or rest[0] != lesson or not fnmatch(student, only):
                continue
            at = parsed_time(rest[1]) if len(rest) in (2, 3) else None
            if why := self._doubt(entry, student, at):
                self._leave_out(entry.name, why)
            elif at is not None:
                yield Inbound(student, at, Path(entry.path))

    def _doubt(self, entry: os.DirEntry[str], student: str, at: datetime | None) -> str:
        if problem := id_problem(student):
            return problem
        if at is None:
            return "its name is not student+lesson+time"
        if not entry.is_dir(follow_symlinks=False):
            return "it is a link or not a folder"
        if self.check_owner and (owner := _stranger(entry.stat(follow_symlinks=False).st_uid, student)):
            return (
                f"it claims to be {student}'s but belongs to {owner}; `check_owner` in nbgrader_config.py decides whether this is checked"
            )
        return ""

    def _due(self) -> datetime | None:
        """The lesson's due date (UTC), if only what came before it is wanted."""
        if not self.before_duedate:
            return None
        with Gradebook(self.coursedir.db_url, self.coursedir.course_id) as book:
            try:
                due = book.find_assignment(self.coursedir.assignment_id).duedate
            except MissingEntry:
                return None
        return parsed_time(str(due)) if due else None

    def _wanted(self, each: Inbound, target: Path) -> bool:
        if not target.is_dir():
            return True
        try:
            there = parsed_time((target / TIMESTAMP).read_text(encoding="utf-8", errors="replace"))
        except OSError:
            there = None
        return (self.update and (there is None or each.at > there)) or (self.before_duedate and each.at != there)

    def _collect(self, each: Inbound, target: Path) -> None:
        """Copy beside the target, then put the copy into its place."""
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".collect-", dir=target.parent, ignore_cleanup_errors=True) as stage:
            made = Path(stage, "new")
            for name, why in copied(each.folder, made, self._ignored, 1000 * self.coursedir.max_dir_size):
                self._leave_out(f"{each.student}/{name}", why)
            (made / TIMESTAMP).write_text(each.at.strftime(STAMP), encoding="utf-8")
            if target.is_dir():
                target.rename(Path(stage, "before"))
            made.rename(target)
        if self.coursedir.groupshared:
            _share(target)
        self.log.info("Collected submission: %s %s", each.student, self.coursedir.assignment_id)

    def _ignored(self, name: str, size: int | None) -> str | None:
        """Why a file (or folder, without a size) is not copied by the course's settings; "" when it needs no remark."""
        if any(fnmatch(name, pattern) for pattern in self.coursedir.ignore):
            return ""
        if size is None:
            return None
        if not any(fnmatch(name, pattern) for pattern in self.coursedir.include):
            return ""
        return "it is larger than CourseDirectory.max_file_size" if size > 1000 * self.coursedir.max_file_size else None

    def _leave_out(self, name: str, why: str) -> None:
        name = submitted_files.printable(name)
        self.log.warning("Left out: %s: %s", name, why)
        if self.remarks:
            with Path(self.remarks).open("a", encoding="utf-8") as file:
                file.write(json.dumps([name, why]) + "\n")


def left_out(path: Path) -> list[tuple[str, str]]:
    """The lines that `PlainCollect.remarks` wrote, as (name, reason)."""
    if not path.is_file():
        return []
    return [(name, why) for name, why in map(json.loads, path.read_text(encoding="utf-8").splitlines())]


def _chosen(records: Sequence[Inbound], due: datetime | None) -> Inbound:
    in_time = [each for each in records if due is None or each.at <= due]
    return max(in_time or records, key=lambda each: each.at)


def _stranger(owner: int, student: str) -> str:
    """The name of a folder's owner; empty when it is the student, root, or the one who collects: none of these is another student."""
    import pwd

    if owner in (0, os.geteuid()):
        return ""
    try:
        name = pwd.getpwuid(owner).pw_name
    except KeyError:
        name = f"user number {owner}"
    return "" if name == student else name


def _share(folder: Path) -> None:
    """Let the group of instructors write, as `CourseDirectory.groupshared` asks."""
    for path in (folder, *folder.rglob("*")):
        mode = path.lstat().st_mode
        path.chmod((0o2770 if stat.S_ISDIR(mode) else 0o660) | mode & 0o777)
