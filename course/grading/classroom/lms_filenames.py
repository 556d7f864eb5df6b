"""Parses the file names of Canvas' and Moodle's zips, which name the student."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

# Canvas (lib/content_zipper.rb, 2026): the sortable name in small letters, all but word characters taken out, `_\d+_` in it as well;
# "LATE" when Canvas says so; the user's number, or anon_ and letters when grading is anonymous; the attachment's number; the file's name.
# A text or a link that was entered instead of a file has no attachment.
CANVAS = re.compile(r"(?:(?P<name>\w+?)_)??(?:(?P<late>LATE)_)?(?P<number>(?<=_)\d+|anon_\w+?)_(?P<attachment>\d+)_(?P<file>.+)")
CANVAS_ENTERED = re.compile(r"(?:(?P<name>\w+?)_)??(?:(?P<late>LATE)_)?(?P<number>(?<=_)\d+|anon_\w+?)_(?P<file>(?:text|link)\.html)")
# Moodle (mod/assign, 2026): the full name, the number by which this assignment knows the student, the kind of submission. A folder, or
# the beginning of a file's name where the site does not make folders. "Participant" when grading is anonymous; a group's name and "-"
# before the name when a team hands in.
MOODLE = re.compile(r"(?P<name>.+)_(?P<number>\d+)_assignsubmission_(?P<kind>file|onlinetext)(?:_(?P<file>.*))?")


@dataclass(frozen=True)
class ParsedFilename:
    """The parts of a submitted file's name.

    Attributes
    ----------
    system : str
        ``"canvas"``, ``"moodle"`` or ``"id"``.
    name : str
        The student's name; or the id.
    number : str
        The system's number of the student; empty for an id.
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


def canvas(part: str) -> ParsedFilename | None:
    """Read the name of a file in Canvas' zip, ``lovelaceada_LATE_411_9001_m00_start.ipynb``; None for another name."""
    found = CANVAS.fullmatch(part) or CANVAS_ENTERED.fullmatch(part)
    if not found:
        return None
    return ParsedFilename("canvas", found["name"] or "", found["number"], (found["file"],), late=bool(found["late"]))


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
    return "".join(each for each in name.casefold() if each.isalnum())
