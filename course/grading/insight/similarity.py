"""`course similarity`: lists submissions that are more similar than the course and chance explain. A reason to look, not a verdict."""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import nbformat

from course.grading import catalogue
from course.grading.batches.folder import CourseFolder, FolderError
from course.grading.batches.result import Result
from course.grading.errors import DefinitionError
from course.grading.exercise.exercise import Exercise
from course.grading.gate.candidates import code_cells, source_of
from course.grading.insight import similarity_page, stored_results
from course.grading.insight.answer_similarity import AnswerSource, SimilaritySettings, similar_pairs
from course.grading.insight.item_analysis import first_failure, way
from course.grading.insight.observations import thresholds
from course.terminal import ProgressBar, Terminal

SHOWN = 10  # pairs shown on the terminal
LONGEST = 20_000  # characters of an answer that are compared


def main(arguments: Sequence[str] | None = None) -> int:
    """0, with or without pairs; 2 when there is nothing to compare."""
    known = thresholds()["similarity"]
    parser = argparse.ArgumentParser(prog="course similarity", description=__doc__)
    parser.add_argument("assignment", metavar="LESSON", help="a graded lesson, for example m04_training")
    parser.add_argument(
        "--similarity",
        type=float,
        default=known["similarity"],
        metavar="SHARE",
        help="share of their own tokens that must be the same (default: %(default)s)",
    )
    parser.add_argument(
        "--tokens",
        type=int,
        default=known["tokens"],
        metavar="N",
        help="tokens in common; an exercise with fewer never counts alone (default: %(default)s)",
    )
    parser.add_argument("--most", type=int, default=known["most"], metavar="N", help="number of pairs shown (default: %(default)s)")
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="the course's folder (default: here)")
    options = parser.parse_args(arguments)
    if not 0 < options.similarity <= 1 or options.tokens < 1 or options.most < 1:
        parser.error("--similarity is a share above 0 and at most 1; --tokens and --most are 1 or more.")
    settings = SimilaritySettings(**known | {name: getattr(options, name) for name in ("similarity", "tokens", "most")})
    folder = CourseFolder(options.root.resolve())
    try:
        return _compare(folder, options.assignment, settings)
    except (FolderError, DefinitionError, OSError) as error:
        print(f"course similarity: {error}", file=sys.stderr)
        return 2


def _compare(folder: CourseFolder, assignment: str, settings: SimilaritySettings) -> int:
    terminal = Terminal()
    results = stored_results.results(folder, [assignment])
    if not results:
        raise FolderError(f"{assignment} has no results; `course grade {assignment}` makes them.")
    with ProgressBar(console=terminal, transient=True) as progress:
        exercises = [each for each in catalogue.exercises(folder.graders).values() if any(each.id in one.exercises for one in results)]
        given = answers(progress.track(results, description="reading"), folder, exercises)
        known = {exercise.id: course_code(folder, assignment, exercise) for exercise in exercises}
        comparing = progress.add_task("comparing", total=len(given))
        found = similar_pairs(given, known, settings, lambda _: progress.advance(comparing))
    page = similarity_page.write(folder.root / "results" / f"similarity-{assignment}.html", assignment, found, results, settings)
    for pair in found[:SHOWN]:
        names = ", ".join(each.exercise for each in pair.matches)
        terminal.say(f"{pair.score:6.0f}  {' and '.join(pair.students)}: {names}")
    terminal.say(f"{len(found)} pairs are worth a look; similar answers may have honest reasons. {page}")
    return 0


def answers(results: Iterable[Result], folder: CourseFolder, exercises: Sequence[Exercise]) -> dict[str, list[AnswerSource]]:
    """The answer cells by exercise, as they were graded: from the repaired notebooks stored with the results."""
    found: dict[str, list[AnswerSource]] = defaultdict(list)
    for result in results:
        path = folder.results(result.student, result.assignment) / f"{result.notebook}.ipynb"
        if not path.exists():  # not handed in, or unreadable
            continue
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]  # our own file, so nbformat's validation is skipped
        sources = {each["metadata"].get("nbgrader", {}).get("grade_id"): "".join(each["source"]) for each in cells}
        for exercise in exercises:
            if exercise.id in result.exercises and exercise.answer_cell in sources:
                source = sources[exercise.answer_cell][:LONGEST]
                found[exercise.id].append(AnswerSource(result.student, source, _mistake(result.exercises[exercise.id]["report"])))
    return found


def _mistake(report: dict | None) -> str:
    if report is None or report["unanswered"] or report["score"] >= report["points"]:
        return ""
    part, message = first_failure(report)
    return f"{part}: {way(message)}"


def course_code(folder: CourseFolder, assignment: str, exercise: Exercise) -> list[str]:
    """The code of the course: code cells of the released notebooks, including stubs, and the references.

    Raises
    ------
    FolderError
        When the lesson's source is missing: right answers would look similar without it.
    """
    released = sorted((folder.root / "notebooks" / assignment).glob("*.ipynb"))
    code = [cell.source for path in released for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    try:
        return code + [cell.text for cell in code_cells(source_of(exercise.notebook, folder.root / "solutions"))]
    except FileNotFoundError as error:
        raise FolderError(str(error)) from None


if __name__ == "__main__":
    sys.exit(main())
