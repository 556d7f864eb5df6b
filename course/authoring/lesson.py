"""A text source with its exercises, which the linter's rules read, and the settings of the rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from course.authoring import notebook
from course.authoring.consistency import Problem
from course.authoring.source import LessonCell, Source
from course.grading import Exercise

LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]*)[^)]*\)")
HTML_TAG = re.compile(r"<[^>]+>")
WORD = re.compile(r"\S*\w\S*")
FENCED = re.compile(r"^(`{3,}|~{3,}).*?^\1\s*$", re.M | re.S)


@dataclass(frozen=True)
class LessonSource:
    """A source with its exercises; the input of every rule."""

    source: Source
    exercises: Mapping[str, Exercise]

    @property
    def cells(self) -> tuple[LessonCell, ...]:
        return self.source.cells

    def prose(self, cell: LessonCell) -> str:
        """The text that learners read in a Markdown cell, without its code blocks."""
        return FENCED.sub("", notebook.prose(self.source, cell, self.exercises.get(cell.exercise)))

    @property
    def markdown(self) -> list[LessonCell]:
        return [cell for cell in self.cells if cell.kind == "markdown"]

    @property
    def code(self) -> list[LessonCell]:
        return [cell for cell in self.cells if cell.kind == "code"]

    @property
    def notebook_exercises(self) -> list[Exercise]:
        return [exercise for exercise in self.exercises.values() if exercise.notebook == self.source.notebook]

    def problem(self, cell: LessonCell, what: str) -> Problem:
        return Problem(self.source.at(cell), what)

    def setting(self, name: str) -> Any:
        """A setting that may differ for this notebook."""
        values = settings()[name]
        return values.get(self.source.notebook, values["default"])


def count_words(text: str) -> int:
    """How many words a text has to read. Addresses of links, HTML tags and code blocks are none."""
    return len(WORD.findall(HTML_TAG.sub("", LINK.sub(r"\g<text>", FENCED.sub("", text)))))


@cache
def settings() -> Mapping[str, Any]:
    return yaml.safe_load((Path(__file__).parent / "lint.yaml").read_text(encoding="utf-8"))
