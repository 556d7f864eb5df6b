"""The plug-ins in `nbgrader_config.py`: plain `nbgrader zip_collect` then opens zips and reads names as `course collect` does.

nbgrader ends with an error for the whole class when one zip is damaged, when a student has two copies of a notebook, or when a file has the
name of a folder. Here only that file is left out, with a line in the log.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from nbgrader.plugins import ExtractorPlugin, FileNameCollectorPlugin

from course.grading.classroom import class_gradebook, submitted_files, unpack
from course.grading.classroom.student_matcher import NoMatch, StudentMatch, StudentMatcher, settled
from course.grading.classroom.submission_status import TIMESTAMP
from course.grading.classroom.submitted_files import SubmissionRejected, SubmittedFile

File = tuple[str, str]
"""A student, and the path of a file in the submission."""


class SafeExtractor(ExtractorPlugin):
    """Opens the zips in the archive's folder, and those in them, each into a folder of its name, within `limits.yaml`."""

    def extract(self, archive_path: str, extracted_path: str) -> None:
        """Write all files below ``archive_path`` to ``extracted_path``; what is damaged or not allowed is left out with a warning."""
        for found in submitted_files.in_folder(Path(archive_path)):
            self._put(found, (), Path(extracted_path), 0)

    def _put(self, found: SubmittedFile | File, above: tuple[str, ...], folder: Path, depth: int) -> None:
        if not isinstance(found, SubmittedFile):
            self.log.warning("Left out: %s: %s", "/".join((*above, found[0])), found[1])
            return
        shown = "/".join((*above, *found.path))
        try:
            path = submitted_files.plain_path(shown)
            target = unpack.place(folder, path)
            submitted_files.copy(found, target, submitted_files.limits()["bytes"])
            if target.suffix.lower() != ".zip" or depth > submitted_files.limits()["zips_in_zips"]:
                return
            inside = list(submitted_files.in_zip(target, submitted_files.limits()["files"] if depth else None))
        except SubmissionRejected as error:
            self.log.warning("Left out: %s: %s", submitted_files.printable(shown), error)
            return
        for each in inside:
            self._put(each, (*path[:-1], target.stem), folder, depth + 1)
        target.unlink()


class LmsCollector(FileNameCollectorPlugin):
    """Finds student and file in names of Canvas and Moodle and in folders named by student; its parent is the `ZipCollectApp`."""

    _files: dict[Path, File] | None = None

    def collect(self, submitted_file: str) -> dict[str, str] | None:
        """The student of an extracted file and its path in the submission; None when it matches nobody."""
        if self._files is None:
            self._files = dict(self._all())
        if found := self._files.get(Path(submitted_file)):
            return {"student_id": found[0], "file_id": found[1]}
        return None

    def _all(self) -> Iterator[tuple[Path, File]]:
        """All extracted files that belong to a student; no two of them, and no file and folder, have the same path there."""
        by_student: dict[str, list[tuple[PurePosixPath, Path]]] = defaultdict(list)
        for path, match in self._matched():
            if match.file == (TIMESTAMP,) and not match.own_folder:
                continue  # a time written by a student does not count
            by_student[match.student].append((PurePosixPath(*match.file), path))
        for student, files in by_student.items():
            taken: set[PurePosixPath] = set()
            for file, path in sorted(_renamed(files, self._notebooks())):
                if file in taken or taken & set(file.parents):
                    self.log.warning("Left out: %s: there is another file of %s's with its name", path, student)
                    continue
                taken.add(file)
                yield path, (student, str(file))

    def _matched(self) -> Iterator[tuple[Path, StudentMatch]]:
        app = self.parent
        finder, top = self._finder(), Path(app._format_collect_path(app.extracted_directory))
        zips = [each.stem for each in Path(app._format_collect_path(app.archive_directory)).iterdir() if each.suffix.lower() == ".zip"]
        matches = []
        for path in sorted(each for each in top.rglob("*") if each.is_file() and not each.is_symlink()):
            parts = path.relative_to(top).parts
            if len(parts) > 1 and zips == [parts[0]] and finder.names_nobody(parts[0]):
                parts = parts[1:]  # the only zip is of all students
            match = finder.find(parts)
            if isinstance(match, StudentMatch):
                matches.append((path, match))
            else:
                self.log.warning("Unmatched: %s: %s", path, match.why if isinstance(match, NoMatch) else "it is of another lesson")
        for path, settled_match in settled(matches):
            if isinstance(settled_match, StudentMatch):
                yield path, settled_match
            else:
                self.log.warning("Unmatched: %s: %s", path, settled_match.why)

    def _notebooks(self) -> list[str]:
        coursedir = self.parent.coursedir
        return [
            path.stem for path in Path(coursedir.format_path(coursedir.release_directory, ".", coursedir.assignment_id)).glob("*.ipynb")
        ]

    def _finder(self) -> StudentMatcher:
        coursedir = self.parent.coursedir
        root = Path(coursedir.root)
        lessons = [path.name for path in (root / coursedir.release_directory).glob("*") if path.is_dir()]
        with class_gradebook.open_gradebook(root, coursedir.db_url, coursedir.course_id) as opened:
            return StudentMatcher(class_gradebook.students(opened), coursedir.assignment_id, lessons)


def _renamed(files: list[tuple[PurePosixPath, Path]], notebooks: list[str]) -> Iterator[tuple[PurePosixPath, Path]]:
    """The files of a student, with the newest numbered copy of a notebook under its released name, unless that is there."""
    newest: dict[str, tuple[int, Path]] = {}
    for file, path in files:
        for name in notebooks:
            number = 10**9 if file.stem == name else unpack.copy_number(file.stem, name)
            if len(file.parts) == 1 and file.suffix == ".ipynb" and number is not None:
                newest[name] = max(newest.get(name, (-1, path)), (number, path))
    names = {path: f"{name}.ipynb" for name, (_, path) in newest.items()}
    for file, path in files:
        yield PurePosixPath(names.get(path, file)), path
