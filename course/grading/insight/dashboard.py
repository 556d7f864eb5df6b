"""`course dashboard`: shows a class at a glance: how each exercise went, who is stuck, and the domains of the exam."""

from __future__ import annotations

import argparse
import sys
import webbrowser
from collections.abc import Sequence
from pathlib import Path

from course.grading.batches.folder import CourseFolder, FolderError
from course.grading.batches.result import Result
from course.grading.errors import DefinitionError
from course.grading.insight import dashboard_page, stored_results
from course.terminal import Terminal


def main(arguments: Sequence[str] | None = None) -> int:
    """0, or 2 when there is nothing to show."""
    parser = argparse.ArgumentParser(prog="course dashboard", description=__doc__)
    parser.add_argument("assignments", nargs="*", metavar="LESSON", help="for example m04_training (default: all with results)")
    parser.add_argument("--draft", action="store_true", help="use the results of `course grade --draft` on unfinished work")
    parser.add_argument("--csv", type=Path, metavar="DIR", help="write the tables there, too, as CSV files")
    parser.add_argument("--open", action="store_true", help="show the page in the browser")
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="the course's folder (default: here)")
    options = parser.parse_args(arguments)
    folder = CourseFolder(options.root.resolve())
    place = "drafts" if options.draft else "results"
    try:
        with Terminal(stderr=True).status("reading the class"):
            results = chosen(folder, options.assignments, place)
            page, tables = dashboard_page.write(folder, results, place)
        written = [table.write(options.csv) for table in tables] if options.csv else []
    except (FolderError, DefinitionError, OSError) as error:
        print(f"course dashboard: {error}", file=sys.stderr)
        return 2
    print(page)
    for path in written:
        print(path)
    if options.open:
        webbrowser.open(page.as_uri())
    return 0


def chosen(folder: CourseFolder, assignments: Sequence[str], place: str) -> list[Result]:
    """The results of these lessons, or of all lessons.

    Raises
    ------
    FolderError
        When a named lesson has no results, or there are none.
    """
    results = stored_results.results(folder, place=place)
    there = sorted({result.assignment for result in results})
    command = "course grade --draft" if place == "drafts" else "course grade"
    for assignment in assignments:
        if assignment not in there:
            names = ", ".join(there) or "none"
            raise FolderError(
                f"{folder.root / place} has no results of {assignment!r}; it has: {names}. `{command} {assignment}` makes them."
            )
    if not results:
        raise FolderError(f"there are no results in {folder.root / place}; `{command}` makes them.")
    return [result for result in results if not assignments or result.assignment in assignments]


if __name__ == "__main__":
    sys.exit(main())
