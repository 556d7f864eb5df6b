"""The definition of an exercise, validated when it is made."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from course.grading import vocabulary
from course.grading.errors import DefinitionError
from course.grading.exercise.evidence_types import Function, Value

ID = re.compile(r"(?P<notebook>(?P<lesson>m\d\d)(_\d)?)_ex\d+")
PART = re.compile(r"[a-z][a-z0-9_]*")
ID_LENGTH = 32
PATTERNS = range(1, 11)  # docs/exercise-patterns.md


@dataclass
class ExerciseDefinition:
    """One exercise without its checks. The notebook, the rubric, progress and coverage derive from it.

    Parameters
    ----------
    id : str
        ``"m04_1_ex2"``: lesson, notebook, exercise. Never changes once released.
    title : str
        The task, as in "Choose the input mode".
    parts : dict
        Points of each named sub-check, in the order in which a learner reads them; the exercise is worth their sum.
    evidence : dict
        What the check cell hands over, by name: a `Value` or a `Function`.
    hints : sequence of str
        The hint ladder: a nudge, where to look, nearly the code.
    skills : dict
        Exam skills, ``{"C01": ["2.2.S1"], "C02": ["2.2.1"]}``; ids of ``skills.yaml``.
    topics : sequence of str
        Topics of ``syllabus.yaml``.
    section : str
        The heading in the notebook that teaches it; the check's report links there.
    pattern : int or None
        Number of the pattern in ``docs/exercise-patterns.md``; ``None`` for plain code. Exercises with a pattern must not be guessable.
    seconds : float
        Time limit of the answer cell, and of all calls of the learner's functions in one check.

    Raises
    ------
    DefinitionError
        When a field is missing or wrong; the message names the exercise and the field.
    """

    id: str
    title: str
    parts: Mapping[str, float]
    evidence: Mapping[str, Value | Function]
    hints: Sequence[str]
    skills: Mapping[str, Sequence[str]]
    topics: Sequence[str]
    section: str = ""
    pattern: int | None = None
    seconds: float = 20

    def __post_init__(self) -> None:
        for problem in self._problems():
            raise DefinitionError(f"exercise {self.id!r}: {problem}")

    @property
    def lesson(self) -> str:
        """``"m04"``."""
        return ID.fullmatch(self.id)["lesson"]

    @property
    def notebook(self) -> str:
        """``"m04_1"``; ``"m00"`` for a lesson of one notebook."""
        return ID.fullmatch(self.id)["notebook"]

    @property
    def points(self) -> float:
        return sum(self.parts.values())

    @property
    def values(self) -> dict[str, Value]:
        """The evidence that is plain data."""
        return {name: wanted for name, wanted in self.evidence.items() if isinstance(wanted, Value)}

    @property
    def answer_cell(self) -> str:
        """nbgrader's ``grade_id`` of the answer cell."""
        return self.id

    @property
    def check_cell(self) -> str:
        """nbgrader's ``grade_id`` of the check cell, which carries the points."""
        return f"{self.id}_check"

    def _problems(self) -> list[str]:
        """Everything wrong with the definition; the first should be fixed first."""
        problems = []
        if not (isinstance(self.id, str) and ID.fullmatch(self.id) and len(self.id) <= ID_LENGTH):
            problems.append(f"ids look like 'm04_1_ex2' and have at most {ID_LENGTH} characters.")
        if not (isinstance(self.title, str) and self.title.strip()):
            problems.append("title is empty.")
        if not isinstance(self.parts, Mapping) or not self.parts:
            problems.append("parts is empty; name at least one sub-check and its points.")
        else:
            problems += [f"part {name!r}: a name is lower_snake_case." for name in self.parts if not PART.fullmatch(str(name))]
            problems += [
                f"part {name!r}: {points!r} is not a positive number of points."
                for name, points in self.parts.items()
                if isinstance(points, bool) or not isinstance(points, (int, float)) or not 0 < points < float("inf")
            ]
        if not isinstance(self.evidence, Mapping) or not self.evidence:
            problems.append("evidence is empty; say what the check cell hands over.")
        else:
            for name, wanted in self.evidence.items():
                if not str(name).isidentifier():
                    problems.append(f"evidence {name!r} is not a Python name.")
                if not isinstance(wanted, (Value, Function)):
                    problems.append(f"evidence {name!r} is {wanted!r}; expected Value(...) or Function(...).")
        if isinstance(self.hints, str) or not self.hints or not all(isinstance(hint, str) and hint.strip() for hint in self.hints):
            problems.append("hints must be a sequence of at least one non-empty text.")
        return problems + self._unknown_ids()

    def _unknown_ids(self) -> list[str]:
        problems = []
        if not self.skills or not self.topics or isinstance(self.topics, str):
            problems.append("skills and topics may not be empty: what is it for?")
        for exam, ids in dict(self.skills or {}).items():
            if exam not in vocabulary.EXAMS:
                problems.append(f"skills names exam {exam!r}; expected one of {', '.join(vocabulary.EXAMS)}.")
            else:
                problems += [
                    f"skill {skill!r} is not in skills.yaml under {exam}." for skill in ids if skill not in vocabulary.skills(exam)
                ]
        problems += [f"topic {topic!r} is not in syllabus.yaml." for topic in self.topics or () if topic not in vocabulary.topics()]
        if self.pattern is not None and self.pattern not in PATTERNS:
            problems.append(f"pattern {self.pattern!r} is not a number of docs/exercise-patterns.md.")
        if not isinstance(self.seconds, (int, float)) or not self.seconds > 0:
            problems.append(f"seconds is {self.seconds!r}; expected a positive number.")
        return problems
