"""Plain `nbgrader zip_collect` reads names as `course collect` does: the collector plug-in that `nbgrader_config.py` names."""

from __future__ import annotations

import re
from pathlib import Path

from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins import FileNameCollectorPlugin

from course.grading.classroom import class_gradebook, import_submissions
from course.grading.classroom.student_matcher import StudentMatch, StudentMatcher


class LmsCollector(FileNameCollectorPlugin):
    """Finds student and file by the names that Canvas and Moodle give, and folders by student; its parent is the `ZipCollectApp`."""

    _finder: StudentMatcher | None = None

    def collect(self, submitted_file: str) -> dict[str, str] | None:
        """Whose an extracted file is, and its path in the submission; None when it is nobody's."""
        app = self.parent
        path = Path(submitted_file).relative_to(app._format_collect_path(app.extracted_directory))
        whose = self._of(app.coursedir).find(path.parts)
        if not isinstance(whose, StudentMatch):
            self.log.warning("Nobody's: %s", path)
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
