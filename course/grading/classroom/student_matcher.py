"""Matches a submitted file to a student of the class by its path.

The number that the learning platform wrote decides, or the folder's name, which the instructor or nbgrader wrote. A name decides only where
there is no number, and then it is said, because students may be able to change it. Whatever fits two students is given to nobody.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from course.grading.classroom import lms_filenames
from course.grading.classroom.lms_filenames import ParsedFilename
from course.grading.classroom.roster import Student

SEPARATORS = "_-. "  # between an id and the rest of a name
Item = TypeVar("Item")


@dataclass(frozen=True)
class StudentMatch:
    """A file whose student is known.

    ``own_folder``: it is in a folder named by the student's id. ``claim``: the number or id by which it was found; ``weak``: this is not
    known to be the student's own. Only the name is, or the id is spelled in another way.
    """

    student: str
    file: tuple[str, ...]
    late: bool = False
    own_folder: bool = False
    claim: str = ""
    weak: bool = False


@dataclass(frozen=True)
class NoMatch:
    """A file that matches no student of the class, or perhaps two; ``why`` gives the reason."""

    why: str


class OtherLesson:
    """A file of another lesson."""


@dataclass(frozen=True)
class Participant:
    """A line of Moodle's grading worksheet: the student, and the names (by `lms_filenames.plain`) that Moodle gives them there."""

    student: str
    names: frozenset[str] = frozenset()


@dataclass
class _Index:
    """Students by a key that should be unique; a key of two students finds none."""

    students: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def add(self, key: str, student: str) -> None:
        if key:
            self.students[key].add(student)

    def get(self, key: str) -> str | None:
        found = self.students.get(key, ())
        return next(iter(found)) if len(found) == 1 else None


def same_id(name: str) -> str:
    """An id or e-mail address in the form in which two are compared: without case, and however its accents are encoded."""
    return unicodedata.normalize("NFC", name).lower()


class StudentMatcher:
    """Finds students by id, by Canvas' number, by the number on Moodle's grading worksheet, and where there is none by name.

    Parameters
    ----------
    participants : mapping of str to Participant
        Moodle's number of a participant -> the student.
    """

    def __init__(
        self, students: Iterable[Student], lesson: str, lessons: Sequence[str], participants: Mapping[str, Participant] | None = None
    ) -> None:
        self.lesson, self.others = lesson, set(lessons) - {lesson}
        self.participants = participants or {}
        self.ids, self.emails, self.canvas = _Index(), _Index(), _Index()
        self.by_plain_name: dict[str, set[str]] = defaultdict(set)
        self.numbered = {("moodle", each.student): number for number, each in self.participants.items()}
        self.all_numbered = True
        for student in students:
            self.ids.add(same_id(student.id), student.id)
            self.emails.add(same_id(student.email), student.id)
            self.canvas.add(student.lms_user_id, student.id)
            if student.lms_user_id:
                self.numbered["canvas", student.id] = student.lms_user_id
            else:
                self.all_numbered = False
            for written in (f"{student.first_name}{student.last_name}", f"{student.last_name}{student.first_name}"):
                if lms_filenames.plain(written):
                    self.by_plain_name[lms_filenames.plain(written)].add(student.id)

    def find(self, path: Sequence[str]) -> StudentMatch | NoMatch | OtherLesson:
        """The student of the file at ``path``, by its outermost part, which may stand in a folder of the lesson."""
        if len(path) > 1 and path[0] == self.lesson:
            path = path[1:]
        part, below = path[0], path[1:]
        if part in self.others:
            return OtherLesson()
        if named := lms_filenames.moodle(part, below):
            return self._of_moodle(named)
        if readings := lms_filenames.canvas(part, below):
            return self._of_canvas(readings)
        return self._by_id(part, below) or NoMatch(f"no student is called {part!r}")

    def names_nobody(self, part: str) -> bool:
        """Whether a folder's name is neither a student's nor a platform's, so that it may be a folder around all others."""
        return lms_filenames.moodle(part, ["x"]) is None and not lms_filenames.canvas(part) and self._by_id(part, ["x"]) is None

    def by_name(self, name: str) -> list[str]:
        """The ids of the students with that name, which may follow a team's name and a hyphen."""
        return next((sorted(found) for each in _endings(name) if (found := self.by_plain_name.get(lms_filenames.plain(each)))), [])

    def _of_moodle(self, named: ParsedFilename) -> StudentMatch | NoMatch:
        listed = self.participants.get(named.number)
        if listed is None:
            return self._by_name_alone(named)
        if listed.names and not any(lms_filenames.plain(each) in listed.names for each in _endings(named.name)):
            said = f"number {named.number} is {listed.student}'s on the worksheet, but not under the name {named.name!r}"
            return NoMatch(f"{said}: it may be a team's number, or the worksheet is an old one")
        return self._unless_named_otherwise(listed.student, named)

    def _of_canvas(self, readings: Sequence[ParsedFilename]) -> StudentMatch | NoMatch:
        first = readings[0]
        student = self.canvas.get(first.number)
        for other in readings[1:]:
            rival = self.canvas.get(other.number)
            if other.number != first.number and (rival or not self.all_numbered):
                said = f"{student or first.number}'s and as {rival or other.number}'s"
                advice = "" if rival else "; `lms_user_id` of every student in the roster would tell"
                return NoMatch(f"its name can be read as {said}{advice}")
        return self._unless_named_otherwise(student, first) if student else self._by_name_alone(first)

    def _unless_named_otherwise(self, student: str, named: ParsedFilename) -> StudentMatch | NoMatch:
        found = self.by_name(named.name)
        if found and student not in found:
            return NoMatch(f"number {named.number} is {student}'s, but the name is that of {' and '.join(found)}")
        return StudentMatch(student, named.file, named.late, claim=named.number)

    def _by_name_alone(self, named: ParsedFilename) -> StudentMatch | NoMatch:
        found = self.by_name(named.name)
        who = f"{named.name or 'somebody'}, {named.system}'s number {named.number}"
        if not found:
            return NoMatch(f"no student of the class matches {who}")
        if len(found) > 1:
            return NoMatch(f"{' and '.join(found)} are both called {who}")
        if number := self.numbered.get((named.system, found[0])):
            return NoMatch(f"{found[0]} has number {number}, not {named.number}")
        return StudentMatch(found[0], named.file, named.late, claim=named.number, weak=True)

    def _by_id(self, part: str, below: Sequence[str]) -> StudentMatch | NoMatch | OtherLesson | None:
        """A folder ``ada``, a zip ``ada.zip``, a file ``ada_m00_start.ipynb``, with nothing or this lesson's name between."""
        if below:
            if not (student := self.ids.get(same_id(part))):
                return None
            if below[0] in self.others:
                return OtherLesson()
            inside = below[1:] if below[0] == self.lesson and len(below) > 1 else below
            return StudentMatch(student, tuple(inside), own_folder=True, claim=part, weak=part != student)
        found = list(self._prefixes(part))
        if len(found) > 1:
            return NoMatch(f"it may be of {' or '.join(student for student, _ in found)}")
        for student, rest in found:
            ending = rest.lstrip(SEPARATORS)
            file = part if rest.startswith(".") or not ending else ending  # ada.zip, ada.ipynb
            return StudentMatch(student, (file,), claim=student)
        return None

    def _prefixes(self, part: str) -> Iterator[tuple[str, str]]:
        """The ids with which a file's name begins, longest first, and the rest of the name."""
        for end in range(len(part), 0, -1):
            student = self.ids.get(same_id(part[:end]))
            if student and (end == len(part) or part[end] in SEPARATORS):
                yield student, part[end:]


def settled(matches: Iterable[tuple[Item, StudentMatch]]) -> Iterator[tuple[Item, StudentMatch | NoMatch]]:
    """The matches of one source, less the doubtful: files of two participants, or of two spellings of an id, that fit one student.

    What was found by the student's own number or id stays; of the rest nothing does, when more than one fits.
    """
    matches = list(matches)
    claims: dict[str, set[str]] = defaultdict(set)
    for _, match in matches:
        claims[match.student].add(match.claim)
    for item, match in matches:
        rivals = sorted(claims[match.student])
        if match.weak and len(rivals) > 1:
            yield item, NoMatch(f"{match.student} may be any of {', '.join(rivals)}")
        else:
            yield item, match


def _endings(name: str) -> Iterator[str]:
    """A name, and what follows each hyphen in it."""
    while name:
        yield name
        name = name.partition("-")[2]
