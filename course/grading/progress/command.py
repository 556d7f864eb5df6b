"""`course progress`: shows what is done, which skills it shows, and the next exercise, as a table and as a page."""

from __future__ import annotations

import argparse
import sys
import webbrowser
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from course.grading import catalogue
from course.grading.errors import DefinitionError
from course.grading.progress import learner_folder, page
from course.grading.progress.exercise_state import HOLDS, RIGHT, LearnerProgress, progress
from course.terminal import Terminal

PAGE = "progress.html"


def main(arguments: Sequence[str] | None = None) -> int:
    """0, or 2 when there is no course here."""
    parser = argparse.ArgumentParser(prog="course progress", description=__doc__)
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="the course's folder, or your copy of it (default: here)")
    parser.add_argument("--open", action="store_true", help="open the page in a browser")
    parser.add_argument("--export", type=Path, metavar="FILE.html", help="also write a page for others, without tries and open exercises")
    parser.add_argument("--name", default="", help="whose, for that page")
    options = parser.parse_args(arguments)
    if options.export and not options.name.strip():
        parser.error("--export needs --name: whose progress is it?")
    try:
        copy = learner_folder.find_learner_folder(options.root.resolve())
        titles = learner_folder.titles(copy)
        theirs = {name: each for name, each in catalogue.exercises().items() if each.notebook in titles}
        made = progress(theirs, learner_folder.all_attempts(copy))
        written = page.write(copy / PAGE, made, titles)
        if options.export:
            page.export(options.export, made, titles, options.name.strip())
    except (learner_folder.NoLearnerFolderError, DefinitionError, OSError) as error:
        print(f"course progress: {error}", file=sys.stderr)
        return 2
    _print_table(made, titles, Terminal())
    print(f"The page: {written}" + (f"\nFor others: {options.export}" if options.export else ""))
    if options.open:
        webbrowser.open(written.as_uri())
    return 0


def _print_table(made: LearnerProgress, titles: dict[str, str], terminal: Terminal) -> None:
    table = Table("notebook", "points", "judged right", "practice holds")
    for name, states in made.notebooks().items():
        earned, points = sum(each.score for each in states), sum(each.exercise.points for each in states)
        right, holds = (sum(each.state == wanted for each in states) for wanted in (RIGHT, HOLDS))
        table.add_row(titles[name], f"{earned:g} of {points:g}", f"{right} of {len(states)}", str(holds))
    terminal.print(table)
    terminal.say(page.next_step(made, titles))


if __name__ == "__main__":
    sys.exit(main())
