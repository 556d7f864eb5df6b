"""Matches a submitted file to a student of the class by its path."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from course.grading.classroom import lms_filenames
from course.grading.classroom.roster import Student

SEPARATORS = "_-. "  # between an id and the rest of a name


@dataclass(frozen=True)
class StudentMatch:
    """A file whose student is known; ``own_folder``: it is in a folder named by the student's id."""

    student: str
    file: tuple[str, ...]
    late: bool = False
    own_folder: bool = False


@dataclass(frozen=True)
class NoMatch:
    """A file that matches no student of the class; ``why`` gives the reason."""

    why: str


class OtherLesson:
    """A file of another lesson."""


class StudentMatcher:
    """Finds students by id, by Canvas' number, by the number on Moodle's grading worksheet, and by name.

    Parameters
    ----------
    participants : mapping of str to str
        Moodle's number of a participant -> id.
    """

    def __init__(
        self, students: Iterable[Student], lesson: str, lessons: Sequence[str], participants: Mapping[str, str] | None = None
    ) -> None:
        self.lesson, self.others = lesson, set(lessons) - {lesson}
        self.participants = participants or {}
        self.ids: dict[str, str] = {}
        self.emails: dict[str, str] = {}
        self.numbers: dict[str, str] = {}
        self.by_plain_name: dict[str, set[str]] = defaultdict(set)
        for student in students:
            self.ids[student.id.casefold()] = student.id
            if student.email:
                self.emails[student.email.casefold()] = student.id
            if student.lms_user_id:
                self.numbers[student.lms_user_id] = student.id
            for written in (f"{student.first_name}{student.last_name}", f"{student.last_name}{student.first_name}"):
                if lms_filenames.plain(written):
                    self.by_plain_name[lms_filenames.plain(written)].add(student.id)

    def find(self, path: Sequence[str]) -> StudentMatch | NoMatch | OtherLesson:
        """The student of the file at ``path``: the outermost part that names a student decides."""
        for i, part in enumerate(path):
            if part in self.others:
                return OtherLesson()
            named = lms_filenames.moodle(part, path[i + 1 :]) or (lms_filenames.canvas(part) if i == len(path) - 1 else None)
            if named:
                return self._of_system(named)
            if found := self._by_id(part, path[i + 1 :]):
                return found
        return NoMatch(f"no student is called {path[0]!r}")

    def by_name(self, name: str) -> list[str]:
        """The ids of the students with that name, which may follow a team's name and a hyphen."""
        while True:
            if found := self.by_plain_name.get(lms_filenames.plain(name)):
                return sorted(found)
            _, hyphen, name = name.partition("-")
            if not hyphen:
                return []

    def _of_system(self, named: lms_filenames.ParsedFilename) -> StudentMatch | NoMatch:
        numbers = self.numbers if named.system == "canvas" else self.participants
        if student := numbers.get(named.number):
            return StudentMatch(student, named.file, named.late)
        found = self.by_name(named.name)
        if len(found) == 1:
            return StudentMatch(found[0], named.file, named.late)
        who = f"{named.name or 'somebody'}, {named.system}'s number {named.number}"
        if found:
            return NoMatch(f"{' and '.join(found)} are both called {who}")
        return NoMatch(f"no student of the class matches {who}")

    def _by_id(self, part: str, below: Sequence[str]) -> StudentMatch | OtherLesson | None:
        """A folder ``ada``, a zip ``ada.zip``, a file ``ada_m00_start.ipynb``, with nothing or this lesson's name between."""
        if below:
            if not (student := self.ids.get(part.casefold())):
                return None
            if below[0] in self.others:
                return OtherLesson()
            inside = below[1:] if below[0] == self.lesson and len(below) > 1 else below
            return StudentMatch(student, tuple(inside), own_folder=True)
        for student, rest in self._prefixes(part):
            ending = rest.lstrip(SEPARATORS)
            if rest.startswith(".") or not ending:  # ada.zip, ada.ipynb
                return StudentMatch(student, (part,))
            return StudentMatch(student, (ending,))
        return None

    def _prefixes(self, part: str) -> Iterator[tuple[str, str]]:
        """The ids with which a file's name begins, longest first, and the rest of the name."""
        for end in range(len(part), 0, -1):
            student = self.ids.get(part[:end].casefold())
            if student and (end == len(part) or part[end] in SEPARATORS):
                yield student, part[end:]
