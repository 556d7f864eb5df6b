"""The plots of the dashboard. Each answers one question and is shown with the table of its numbers."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from course import pages
from course.grading.insight.domains import Domain
from course.grading.insight.item_analysis import Correlation, ItemStatistics
from course.grading.insight.observations import OUTCOMES, Observation, thresholds

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Distinguishable without colour vision, and by lightness alone: Okabe and Ito's palette, https://jfly.uni-koeln.de/color/, 2008.
COLOURS = {"passed": "#0072B2", "partly": "#56B4E9", "failed": "#D55E00", "untouched": "#F0E442", "ungraded": "#BBBBBB"}
TALLEST = 14  # inches
DARK, LIGHT = "#274b7a", "#9db8d9"


def outcomes(items: Sequence[ItemStatistics]) -> Figure:
    """How many learners passed, failed and left untouched each exercise."""
    figure, axes = pages.axes(height=1.2 + 0.4 * len(items))
    names, left = [item.exercise for item in items][::-1], [0] * len(items)
    for outcome in OUTCOMES:
        counts = [item.outcomes[outcome] for item in items][::-1]
        if any(counts):
            axes.barh(names, counts, left=left, color=COLOURS[outcome], edgecolor="white", label=outcome)
            left = [a + b for a, b in zip(left, counts, strict=True)]
    axes.set_xlabel("learners")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend(frameon=False, ncols=len(OUTCOMES), loc="lower center", bbox_to_anchor=(0.5, 1))
    return figure


def items(some: Sequence[ItemStatistics]) -> Figure:
    """Difficulty against discrimination; only of exercises that have both."""
    figure, axes = pages.axes(height=5)
    poor = thresholds()["discrimination"]["poor"]
    axes.axhspan(-1, poor, color="#f3d9c6")
    axes.text(0.01, poor - 0.02, "does not distinguish learners", va="top", color="#7a3b10")
    known = [(item, item.discrimination) for item in some if isinstance(item.discrimination, Correlation)]
    for item, r in known:
        axes.errorbar(item.difficulty, r.r, yerr=[[r.r - r.low], [r.high - r.r]], fmt="o", color=DARK, ecolor=LIGHT)
        axes.annotate(item.exercise, (item.difficulty, r.r), xytext=(5, 5), textcoords="offset points", fontsize=9)
    lowest = min(-0.1, *(r.low for _, r in known)) - 0.05
    axes.set(xlim=(0, 1.08), ylim=(lowest, 1.05), xlabel="difficulty: mean share of the points (left is hard)", ylabel="discrimination")
    return figure


def tries(seen: Sequence[Observation]) -> Figure:
    """Tries of each learner at each exercise."""
    names = sorted({each.exercise for each in seen if each.tries.checks})[::-1]
    figure, axes = pages.axes(height=1.2 + 0.4 * len(names))
    for passed, label, colour, marker in ((True, "until the pass", COLOURS["passed"], "o"), (False, "without a pass", "#D55E00", "X")):
        chosen = [each for each in seen if each.tries.checks and each.tries.passed == passed]
        axes.scatter(
            [each.tries.checks for each in chosen],
            [names.index(each.exercise) + _spread(each.student) for each in chosen],
            color=colour,
            marker=marker,
            alpha=0.7,
            label=label,
        )
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("tries (self-reported)")
    most = max(each.tries.checks for each in seen)
    ticks = [tick for power in (1, 10, 100, 1000) for tick in (power, 2 * power, 5 * power) if tick <= most]
    axes.set_xscale("log")
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_ylim(-0.5, len(names) - 0.5)
    axes.legend(frameon=False, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1))
    return figure


def domains(some: Sequence[Domain]) -> Figure:
    """The share of the points of each learner in each domain, and of the class."""
    shown = [domain for domain in some if domain.learners][::-1]
    figure, axes = pages.axes(height=1.2 + 0.45 * len(shown))
    for y, domain in enumerate(shown):
        dots = [y + _spread(student) for student in domain.learners]
        axes.scatter(list(domain.learners.values()), dots, color=LIGHT, alpha=0.8, label="a learner" if not y else None)
        if isinstance(domain.mean, float):
            axes.scatter(domain.mean, y, color=DARK, marker="D", s=70, label="the class" if not y else None)
    axes.set_yticks(range(len(shown)), [f"{domain.exam}, domain {domain.number}" for domain in shown])
    axes.set(xlim=(-0.03, 1.03), ylim=(-0.5, len(shown) - 0.5), xlabel="share of the points in its exercises")
    axes.legend(frameon=False, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1))
    return figure


def learners(students: Sequence[str], exercises: Sequence[str], shares: Sequence[Sequence[float | None]]) -> Figure:
    """The share of the points of every learner in every exercise."""
    figure, axes = pages.axes(height=min(TALLEST, 2.5 + 0.26 * len(students)))
    cells = [[float("nan") if share is None else share for share in row] for row in shares]
    image = axes.imshow(cells, cmap="cividis", vmin=0, vmax=1, aspect="auto", interpolation="nearest")
    axes.set_facecolor("#ffffff")
    axes.set_xticks(range(len(exercises)), exercises, rotation=60, ha="right")
    every = max(1, len(students) // 60)
    axes.set_yticks(range(0, len(students), every), list(students)[::every], fontsize=8)
    figure.colorbar(image, ax=axes, label="share of the points")
    return figure


def _spread(student: str) -> float:
    """A small offset for each learner, so that dots do not hide each other; the same in every run."""
    return (zlib.crc32(student.encode(errors="replace")) % 41 - 20) / 80
