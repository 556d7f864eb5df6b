"""The collector plug-in in `nbgrader_config.py`: plain `nbgrader zip_collect` then reads names as `course collect` does."""

from __future__ import annotations

import re
from pathlib import Path

from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins import FileNameCollectorPlugin

from course.grading.classroom import class_gradebook, import_submissions
from course.grading.classroom.student_matcher import StudentMatch, StudentMatcher


class LmsCollector(FileNameCollectorPlugin):
    """Finds student and file in names of Canvas and Moodle and in folders named by student; its parent is the `ZipCollectApp`."""

    _finder: StudentMatcher | None = None

    def collect(self, submitted_file: str) -> dict[str, str] | None:
        """The student of an extracted file and its path in the submission; None when it matches nobody."""
        app = self.parent
        path = Path(submitted_file).relative_to(app._format_collect_path(app.extracted_directory))
        whose = self._of(app.coursedir).find(path.parts)
        if not isinstance(whose, StudentMatch):
            self.log.warning("Unmatched: %s", path)
            return None
        file = Path(*whose.file)
        return {"student_id": whose.student, "file_id": str(file.with_stem(re.sub(import_submissions.COPY + "$", "", file.stem)))}

    def _of(self, coursedir: CourseDirectory) -> StudentMatcher:
        if self._finder is None:
            root = Path(coursedir.root)
            lessons = [path.name for path in (root / coursedir.release_directory).glob("*") if path.is_dir()]
            with class_gradebook.open_gradebook(root, coursedir.db_url, coursedir.course_id) as opened:
                self._finder = StudentMatcher(class_gradebook.students(opened), coursedir.assignment_id, lessons)
        return self._finder
