"""The page of the dashboard: a section for each question, its plot and its table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from course import pages
from course.grading import catalogue
from course.grading.batches.folder import CourseFolder
from course.grading.batches.result import Result
from course.grading.insight import class_tables, plots
from course.grading.insight.domains import domains
from course.grading.insight.item_analysis import Correlation, item_statistics
from course.grading.insight.observations import Observation, observe, thresholds
from course.grading.insight.struggling import struggling_learners
from course.grading.insight.tables import ReportTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAGE = "dashboard.html"
REPORTED = "Tries, times and hints are self-reported: from the log that learners hand in (attempts.jsonl). They are never scored."

Section = tuple[str, list[pages.Markup], list[ReportTable]]
"""The heading, the parts of the page, and the tables among them."""


def write(folder: CourseFolder, results: Sequence[Result], place: str = "results") -> tuple[Path, list[ReportTable]]:
    """Write ``dashboard.html`` into ``results/`` or ``drafts/``; its path and its tables.

    Raises
    ------
    DefinitionError
        When the exercises, whose skills give the domains, cannot be loaded.
    """
    seen = observe(folder, results)
    sections = [_exercises(seen), _failing(seen), _stuck(seen), _tries(seen), _items(seen), _domains(folder, seen), _learners(seen)]
    titles, bodies, tables = zip(*sections, strict=True)
    parts = [*_opening(results, place), pages.contents(titles), *(part for body in bodies for part in body)]
    return pages.write(folder.root / place / PAGE, "The class", parts), [table for some in tables for table in some]


def _opening(results: Sequence[Result], place: str) -> list[pages.Markup]:
    learners, lessons = {result.student for result in results}, sorted({result.assignment for result in results})
    what = "Unfinished work, graded as a draft" if place == "drafts" else "Graded work"
    lines = [f"{datetime.now(UTC):%d %B %Y, %H:%M} UTC. {what} of {len(learners)} learners: {', '.join(lessons)}."]
    if ungraded := sum(bool(result.fault) for result in results):
        lines.append(f"Ungraded and not in these numbers: {ungraded} of {len(results)} notebooks; night.html says why.")
    few = thresholds()["few"]
    lines.append(
        f'"too few" means fewer than {few["summary"]} learners for a mean or median, fewer than {few["correlation"]} for a correlation.'
    )
    return [pages.paragraph(line) for line in lines]


def _exercises(seen: Sequence[Observation]) -> Section:
    went = item_statistics(seen)
    caption = "Outcomes of each exercise, by number of learners: the longer the first part of a bar, the better it went."
    return _section("How each exercise went", "", [class_tables.exercises(went)], lambda: plots.outcomes(went), caption if went else "")


def _failing(seen: Sequence[Observation]) -> Section:
    said = "The first sub-check that an answer failed, with the message of the most common failure."
    return _section("What was failed most", said, [class_tables.failing(item_statistics(seen))])


def _stuck(seen: Sequence[Observation]) -> Section:
    said = f"{thresholds()['stuck']['tries']} tries or more without a pass, or untouched. {REPORTED}"
    return _section("Who is stuck", said, [class_tables.struggling_table(struggling_learners(seen))])


def _tries(seen: Sequence[Observation]) -> Section:
    tried = any(each.tries.checks for each in seen)
    caption = "Tries at each exercise, a mark for each learner: circles until the first pass, crosses where there was none."
    return _section("Tries", REPORTED, [class_tables.tries(item_statistics(seen))], lambda: plots.tries(seen), caption if tried else "")


def _items(seen: Sequence[Observation]) -> Section:
    went = item_statistics(seen)
    known = any(isinstance(item.discrimination, Correlation) for item in went)
    caption = "Difficulty against discrimination, with its 95 % interval. Exercises in the shaded part do not distinguish learners."
    measures = class_tables.measures(went)
    return _section("Difficulty and discrimination", class_tables.METHOD, [measures], lambda: plots.items(went), caption if known else "")


def _domains(folder: CourseFolder, seen: Sequence[Observation]) -> Section:
    areas = domains(seen, catalogue.exercises(folder.graders))
    said = "The share of the points in the exercises that name a skill of a domain; one that names skills of two domains counts in both."
    caption = "Share of the points in each domain: a dot for each learner, a diamond for the class where it is large enough for a mean."
    tables = [class_tables.domains(areas), class_tables.domains_by_learner(areas)]
    there = any(area.learners for area in areas)
    return _section("Domains of the exam", said, tables, lambda: plots.domains(areas), caption if there else "")


def _learners(seen: Sequence[Observation]) -> Section:
    caption = "Share of the points by learner and exercise, sorted by points: bright is all, dark is none, white no score."
    several = len({each.student for each in seen}) > 1
    return _section(
        "Every learner", "", [class_tables.learners(seen)], lambda: plots.learners(*class_tables.shares(seen)), caption if several else ""
    )


def _section(title: str, said: str, tables: list[ReportTable], plot: Callable[[], Figure] | None = None, caption: str = "") -> Section:
    """A heading, a paragraph, a plot if it has a caption, and the tables."""
    parts = [pages.heading(title)]
    if said:
        parts.append(pages.paragraph(said))
    if plot and caption:
        parts.append(pages.figure(plot(), caption))
    return title, parts + [table.html() for table in tables], tables
