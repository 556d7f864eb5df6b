"""Parses the file names of Canvas' and Moodle's zips, which name the student.

Part of each name was written by a student: the file's own name always, and the student's name where the site lets students change it. Only
the number is the platform's. Where a student's part contains what looks like a number too, a name has several readings.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

# Canvas (lib/content_zipper.rb, 2026). In this order: the sortable name in lower case, with word characters only; "LATE" if Canvas marks it
# late; the user's number, or anon_ and letters when grading is anonymous; the attachment's number; the file's name, in which the student
# may have written anything. A text or a link entered instead of a file has no attachment. Canvas takes `_7_` out of the sortable name, but
# before it takes out other characters, so that "_-7_" in a name that a student may edit becomes `_7_` again.
CANVAS = re.compile(r"(?=_(?P<number>[0-9]+)_(?:[0-9]+_(?P<file>.+)|(?P<entered>(?:text|link)\.html)\Z))", re.DOTALL)
CANVAS_ANONYMOUS = re.compile(r"(?P<number>anon_\w+?)_(?:[0-9]+_(?P<file>.+)|(?P<entered>(?:text|link)\.html)\Z)", re.DOTALL)
BEFORE_NUMBER = re.compile(r"(?P<name>\w*?)(?P<late>(?:^|(?<=\w)_)LATE)?")
# Moodle (mod/assign/classes/downloader.php, 2026). In this order: the full name, with a blank for each underscore; the student's number in
# this assignment; the kind of submission. It names a folder, or begins a file's name if the teacher wants no folders. The name is
# "Participant" when grading is anonymous. When a team hands in, name and number are the team's; before 2022 its name and "-" precede.
MOODLE = re.compile(r"(?P<name>[^_]+)_(?P<number>[0-9]+)_assignsubmission_(?P<kind>[a-z0-9]+)(?:_(?P<file>.*))?", re.DOTALL)


@dataclass(frozen=True)
class ParsedFilename:
    """The parts of a submitted file's name.

    Attributes
    ----------
    system : str
        ``"canvas"`` or ``"moodle"``.
    name : str
        The student's name.
    number : str
        The system's number of the student.
    file : tuple of str
        The path within the submission.
    late : bool
        Whether Canvas marks it as late.
    """

    system: str
    name: str
    number: str
    file: tuple[str, ...]
    late: bool = False


def canvas(part: str, below: Sequence[str] = ()) -> list[ParsedFilename]:
    """The readings of a file's name in Canvas' zip, ``lovelaceada_LATE_411_9001_m00_start.ipynb``; empty for another name.

    The platform's own number is in one of them. It is the first one, unless the student's name holds a number between underscores.

    Parameters
    ----------
    below : sequence of str
        The parts of the path below ``part``, when it is a folder: an upload that was unpacked.
    """
    readings = []
    if found := CANVAS_ANONYMOUS.match(part):
        readings.append(ParsedFilename("canvas", "", found["number"], (found["file"] or found["entered"],)))
    for found in CANVAS.finditer(part):
        before = BEFORE_NUMBER.fullmatch(part[: found.start()])
        if before:
            file = (found["file"] or found["entered"],)
            readings.append(ParsedFilename("canvas", before["name"], found["number"], file, late=bool(before["late"])))
    return [replace(each, file=tuple(below)) for each in readings] if below else readings


def moodle(part: str, below: Sequence[str] = ()) -> ParsedFilename | None:
    """Read the name of a folder or file in Moodle's zip, ``Ada Lovelace_98001_assignsubmission_file_``; None for another name.

    Parameters
    ----------
    below : sequence of str
        The parts of the path below ``part``.
    """
    found = MOODLE.fullmatch(part)
    if not found:
        return None
    file = tuple(each for each in (found["file"], *below) if each)
    return ParsedFilename("moodle", found["name"], found["number"], file) if file else None


def plain(name: str) -> str:
    """A name reduced to letters and digits, since systems differ in the rest."""
    return "".join(each for each in unicodedata.normalize("NFC", name).casefold() if each.isalnum())
