"""A roster: the students of a class, from an instructor's table or an export of Canvas or Moodle (`rosters.yaml`)."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

DELIMITERS = (",", ";", "\t")
LONGEST = 100  # characters of an id; it becomes the name of folders
LARGEST = 10_000_000  # bytes of a roster
NO_FOLDER = re.compile(r'[/\\:*?"<>|+\x00-\x1f\x7f]')  # characters that some system forbids; "+" separates names in nbgrader's exchange
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # reserved by Windows


class RosterError(Exception):
    """A roster that cannot be used; the message has a line for each problem, with the file's line number."""


@dataclass(frozen=True, order=True)
class Student:
    """A student of the class; all fields but the id may be empty.

    ``lms_user_id`` is the number of this student in the file names of the learning platform.
    """

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_user_id: str = ""


def read(path: Path, encoding: str = "", id_column: str = "") -> list[Student]:
    """The students of a roster, in its order.

    Parameters
    ----------
    encoding : str
        A Python encoding; when empty, UTF-8, or UTF-16 with a byte-order mark.
    id_column : str
        The heading of the column that holds the ids, where it is not the usual one.

    Raises
    ------
    RosterError
    """
    rows = list(_rows(_text(path, encoding), path))
    if not rows:
        raise RosterError(f"{path} is empty; its first line has the headings, `id` at least.")
    (_, headings), *lines = rows
    columns, skipped = _columns([_plain(each) for each in headings], id_column, path)
    read_ones = [(line, _student(row, columns)) for line, row in lines if not _skipped(row, skipped)]
    if not read_ones:
        raise RosterError(f"{path} has headings but no students.")
    if problems := list(_problems(read_ones)):
        raise RosterError("\n".join(f"{path}, line {line}: {said}" for line, said in problems))
    return [student for _, student in read_ones]


def id_problem(name: str) -> str:
    """Why ``name`` cannot be an id, which must be a valid folder name on every system; empty when it can."""
    if not name:
        return "the id is empty"
    if len(name) > LONGEST or len(name.encode(errors="replace")) > 2 * LONGEST:
        return f"the id {name[:20]!r}... has more than {LONGEST} characters"
    if found := NO_FOLDER.search(name):
        return f"the id {name!r} contains {found[0]!r}; an id names a folder"
    if name.startswith((".", "-")) or name.endswith((".", " ")) or RESERVED.fullmatch(name) or not name.isprintable():
        return f"the id {name!r} cannot be the name of a folder"
    return ""


def _text(path: Path, encoding: str) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RosterError(f"{path} cannot be read: {error.strerror}.") from error
    if len(content) > LARGEST:
        raise RosterError(f"{path} has {len(content):,} bytes, too many for a roster.")
    used = encoding or ("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    try:
        return content.decode(used)
    except LookupError:
        raise RosterError(f"there is no encoding {encoding!r}; utf-8, latin-1 and cp1252 are usual.") from None
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        what = "UTF-8" if used == "utf-8-sig" else used
        advice = "Save it as UTF-8 (Excel: CSV UTF-8), or name its encoding: `--encoding cp1252`."
        raise RosterError(f"{path}, line {line}: byte 0x{content[error.start]:02x} is not {what}. {advice}") from None


def _rows(text: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of each row that is not blank."""
    first = text.lstrip().split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield line, [cell.strip() for cell in row]
            line = reader.line_num + 1
    except csv.Error as error:
        raise RosterError(f"{path}, line {line}: {error}. Is a quotation mark left open?") from None


def _plain(heading: str) -> str:
    return heading.strip().strip("\ufeff").casefold()


@cache
def _formats() -> Mapping[str, Mapping[str, Any]]:
    return yaml.safe_load(Path(__file__).with_name("rosters.yaml").read_text(encoding="utf-8"))


def _columns(headings: Sequence[str], id_column: str, path: Path) -> tuple[dict[str, list[int]], dict[int, set[str]]]:
    """The columns of each field, best first; and, by column, the words that mark rows without a student."""
    if doubled := sorted({each for each in headings if each and headings.count(each) > 1 and each in ("id", _plain(id_column))}):
        raise RosterError(f"{path}, line 1: the heading {doubled[0]!r} occurs twice.")
    place = {heading: i for i, heading in reversed(list(enumerate(headings)))}
    named = _plain(id_column)
    if named and named not in place:
        raise RosterError(f"{path}, line 1: there is no column {id_column!r}, but {', '.join(headings)}.")
    for form in _formats().values():
        known_by = set(form["known_by"]) - ({"id"} if named else set())
        if known_by <= set(place):
            found = {ours: [place[each] for each in theirs if each in place] for ours, theirs in form["columns"].items()}
            if named:
                found["id"] = [place[named]]
            return found, {place[column]: set(words) for column, words in form.get("skip", {}).items()}
    raise RosterError(f"{path}, line 1: there is no column `id`, and these are not Canvas' or Moodle's headings: {', '.join(headings)}.")


def _skipped(row: Sequence[str], skipped: Mapping[int, set[str]]) -> bool:
    return any(_cell(row, [column]).casefold() in words for column, words in skipped.items())


def _cell(row: Sequence[str], places: Sequence[int]) -> str:
    """The first cell that is not empty."""
    return next((row[i] for i in places if i < len(row) and row[i]), "")


def _student(row: Sequence[str], columns: Mapping[str, Sequence[int]]) -> Student:
    cells = {name: unicodedata.normalize("NFC", _cell(row, places)) for name, places in columns.items()}
    if "name" in cells:
        cells["first_name"], cells["last_name"] = split_name(cells.pop("name"))
    return Student(**cells)


def split_name(name: str) -> tuple[str, str]:
    """First and last name of ``"Lovelace, Ada"`` or ``"Ada Lovelace"``."""
    if "," in name:
        last, _, first = name.partition(",")
    else:
        first, _, last = name.rpartition(" ")
    return first.strip(), last.strip()


def _problems(students: Sequence[tuple[int, Student]]) -> Iterator[tuple[int, str]]:
    """The line and text of each problem."""
    seen: dict[str, tuple[int, str]] = {}
    numbers: dict[str, int] = {}
    for line, student in students:
        if said := id_problem(student.id):
            yield line, f"{said}."
            continue
        first, spelled = seen.setdefault(student.id.casefold(), (line, student.id))
        if first != line:
            spelling = "" if spelled == student.id else f" as {spelled!r}, which many file systems treat as the same name"
            yield line, f"the id {student.id!r} is also in line {first}{spelling}."
        if student.lms_user_id and numbers.setdefault(student.lms_user_id, line) != line:
            yield line, f"the lms_user_id {student.lms_user_id!r} is also in line {numbers[student.lms_user_id]}."
        if long := [name for name in ("first_name", "last_name", "email", "lms_user_id") if len(getattr(student, name)) > 128]:
            yield line, f"{long[0]} has more than 128 characters, nbgrader's limit."
