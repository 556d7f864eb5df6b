"""Parses the file names of Canvas' and Moodle's zips, which name the student."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

# Canvas (lib/content_zipper.rb, 2026). In this order: the sortable name in lower case, without non-word characters and without `_\d+_`;
# "LATE" if Canvas marks it late; the user's number, or anon_ and letters when grading is anonymous; the attachment's number; the file's
# name. A text or a link entered instead of a file has no attachment.
CANVAS = re.compile(r"(?:(?P<name>\w+?)_)??(?:(?P<late>LATE)_)?(?P<number>(?<=_)\d+|anon_\w+?)_(?P<attachment>\d+)_(?P<file>.+)")
CANVAS_ENTERED = re.compile(r"(?:(?P<name>\w+?)_)??(?:(?P<late>LATE)_)?(?P<number>(?<=_)\d+|anon_\w+?)_(?P<file>(?:text|link)\.html)")
# Moodle (mod/assign, 2026). In this order: the full name, the student's number in this assignment, the kind of submission. It names a
# folder, or begins a file's name if the site does not make folders. The name is "Participant" when grading is anonymous; when a team
# hands in, the group's name and "-" precede it.
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
