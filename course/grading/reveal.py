"""`course reveal` and `reveal()`: the reference answer of an exercise and a note on its design, once it is judged right or instead.

A clone of the course has both, a learner's package has neither: handing out packages switches revealing off.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from course.grading import attempts, catalogue
from course.grading.errors import UnknownExercise
from course.grading.exercise.exercise import Exercise
from course.grading.progress import learner_folder

SWITCH = "COURSE_REVEAL"  # "off" disables it on this machine
MARKS = re.compile(r"^[ \t]*### (BEGIN|END) SOLUTION[^\n]*\n?", re.MULTILINE)
PLACEHOLDER = re.compile(r"^\w+ = \.\.\.[^\n]*\n+", re.MULTILINE)  # the value that an unanswered cell hands over
COMMENT = re.compile(r"<!--.*?-->\s*", re.DOTALL)
WARNING = "{id} is not judged right yet. Once you have seen its answer it counts 0 points in your progress."


class RevealError(Exception):
    """Nothing can be shown; the message says why."""


@dataclass(frozen=True)
class Revealed:
    """The code of a reference answer, and a note on its design (Markdown)."""

    exercise: Exercise
    code: str
    note: str

    @property
    def as_text(self) -> str:
        return f"# {self.exercise.id}: {self.exercise.title}\n\n{self.code}\n\n{self.note}"


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when it was shown, 1 when the exercise is not judged right yet and the learner declined, 2 when it cannot be shown."""
    parser = argparse.ArgumentParser(prog="course reveal", description=__doc__)
    parser.add_argument("exercise", help="for example m04_1_ex2")
    parser.add_argument("--yes", action="store_true", help="also before it is judged right; it then counts 0 points in your progress")
    options = parser.parse_args(arguments)
    try:
        shown = find(options.exercise, Path.cwd(), anyway=options.yes) or _asked(options.exercise)
    except (RevealError, UnknownExercise, learner_folder.NoLearnerFolderError, FileNotFoundError) as error:
        print(f"course reveal: {error}", file=sys.stderr)
        return 2
    if shown is None:
        return 1
    print(shown.as_text)
    return 0


def _asked(exercise_id: str) -> Revealed | None:
    print(WARNING.format(id=exercise_id))
    if not sys.stdin.isatty():
        print(f"`course reveal {exercise_id} --yes` shows it anyway.")
        return None
    sure = input("Show it? [y/N] ").strip().lower() in ("y", "yes")
    return find(exercise_id, Path.cwd(), anyway=True) if sure else None


def reveal(exercise_id: str, /, *, anyway: bool = False) -> None:
    """Show the reference answer and the note on its design, in a notebook.

    Parameters
    ----------
    anyway : bool
        Show it before the exercise is judged right, too; the exercise then counts 0 points in the learner's progress.

    Raises
    ------
    UnknownExercise
    RevealError
        As in `find`.
    """
    from IPython.display import Code, Markdown, display

    shown = find(exercise_id, Path.cwd(), anyway=anyway)
    if shown is None:
        print(f'{WARNING.format(id=exercise_id)}\n`reveal("{exercise_id}", anyway=True)` shows it anyway.')
        return
    display(Code(shown.code, language="python"), Markdown(shown.note))


def possible() -> bool:
    """Whether reveal can show anything here."""
    return os.environ.get(SWITCH, "").lower() != "off" and (catalogue.root().parent / learner_folder.SOURCES).is_dir()


def find(exercise_id: str, root: Path, *, anyway: bool = False) -> Revealed | None:
    """The reference and its note; the reveal is added to the attempts. None before the exercise is judged right, unless ``anyway``.

    Parameters
    ----------
    root : Path
        The course's folder, the learner's copy of it, or a lesson's folder there.

    Raises
    ------
    UnknownExercise
    RevealError
        When it is switched off, or the learner does not have the references.
    NoLearnerFolderError
        When there is no learner's copy, whose attempts would record the reveal.
    """
    from course.grading.gate import candidates  # imported late: it imports jupytext, which no check cell should wait for

    exercise = catalogue.find(exercise_id)
    if not possible():
        raise RevealError(f"the answer of {exercise_id} is not available here. Ask your instructor.")
    source = candidates.source_of(exercise.notebook, catalogue.root().parent / learner_folder.SOURCES)
    copy = learner_folder.find_learner_folder(root)
    right = any(attempt.right for attempt in learner_folder.all_attempts(copy) if attempt.exercise == exercise.id)
    if not (right or anyway):
        return None
    (answer,) = (cell.text for cell in candidates.code_cells(source) if (cell.role, cell.exercise) == ("answer", exercise.id))
    attempts.append_attempt(attempts.of_event(exercise, attempts.REVEAL), learner_folder.lesson_folder(copy, exercise))
    return Revealed(exercise, reference(answer), note(exercise, catalogue.root()))


def reference(answer: str) -> str:
    """The code of a reference, from the text of its answer cell: without the marks and the placeholders of the learner's cell."""
    return PLACEHOLDER.sub("", MARKS.sub("", answer)).strip()


def note(exercise: Exercise, graders: Path) -> str:
    """The note on the design of an exercise's reference, ``answers/<exercise>/note.md``, as Markdown; empty when there is none."""
    found = sorted(graders.glob(f"*/answers/{exercise.id}/note.md"))
    return COMMENT.sub("", found[0].read_text(encoding="utf-8")).strip() if found else ""


if __name__ == "__main__":
    sys.exit(main())
