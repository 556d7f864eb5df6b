"""The one definition of an exercise, from which notebook, rubric, progress and coverage derive."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from course.grading import kinds, vocabulary
from course.grading.errors import DefinitionError

if TYPE_CHECKING:
    from course.grading.answer import Answer
    from course.grading.report import Report

    Check = Callable[[Answer, Report], None]

ID = re.compile(r"(?P<notebook>(?P<lesson>m\d\d)(_\d)?)_ex\d+")
PART = re.compile(r"[a-z][a-z0-9_]*")
ID_LENGTH = 32
PATTERNS = range(1, 11)  # docs/exercise-patterns.md


class Value:
    """Evidence that is plain data of a kind: ``Value(str)``, ``Value(list[str])``, ``Value(pandas.DataFrame)``, ``Value(float | None)``."""

    def __init__(self, kind: Any) -> None:
        if not kinds.is_kind(kind):
            raise DefinitionError(
                f"Value({kind!r}): a kind is str, bool, int, float, list, dict, a DataFrame, Series or ndarray, or built of these."
            )
        self.kind = kind

    def __str__(self) -> str:
        return kinds.describe(self.kind)


class Function:
    """Evidence that is a function, by the signature the exercise asks for: ``Function("choose_input(channel: dict) -> str")``.

    Annotations use ``str``, ``bool``, ``int``, ``float``, ``list``, ``dict``, ``None``, ``DataFrame``, ``Series``, ``ndarray`` and
    combinations of them; without ``->`` the function may return any plain data.
    """

    def __init__(self, signature: str) -> None:
        self.signature = signature
        try:
            definition = ast.parse(f"def {signature}: ...").body[0]
            assert isinstance(definition, ast.FunctionDef)
        except (SyntaxError, AssertionError):
            raise DefinitionError(f"Function({signature!r}): write it as `name(argument: kind) -> kind`.") from None
        self.name = definition.name
        self.arguments = tuple(argument.arg for argument in definition.args.args)
        self.returns = _kind_of(definition.returns, signature)

    def __str__(self) -> str:
        return f"a function `{self.signature}`"


def _kind_of(annotation: ast.expr | None, signature: str) -> Any:
    if annotation is None:
        return Any
    known: dict[str, Any] = {"Any": Any, "str": str, "bool": bool, "int": int, "float": float, "list": list, "dict": dict}
    names = {node.id for node in ast.walk(annotation) if isinstance(node, ast.Name)}
    if names & {"DataFrame", "Series"}:
        import pandas

        known |= {"DataFrame": pandas.DataFrame, "Series": pandas.Series}
    if "ndarray" in names:
        import numpy

        known["ndarray"] = numpy.ndarray
    try:
        kind = eval(compile(ast.Expression(annotation), signature, "eval"), {"__builtins__": {}}, known)  # author's text, not a learner's
    except Exception:
        kind = ...
    if kind is not None and not kinds.is_kind(kind):
        raise DefinitionError(f"Function({signature!r}): unknown kind of result `{ast.unparse(annotation)}`.")
    return type(None) if kind is None else kind


@dataclass
class Exercise:
    """One exercise; everything else about it derives from here.

    Parameters
    ----------
    id : str
        ``"m04_1_ex2"``: lesson, notebook, exercise. Never changes once released.
    title : str
        What is to be done, as in "Choose the input mode".
    parts : dict
        Points of each named sub-check, in the order in which a learner should read them; the sum is the exercise's points.
    evidence : dict
        What the check cell hands over, by name: `Value` or `Function`.
    hints : sequence of str
        The hint ladder: a nudge, where to look, nearly the code.
    skills : dict
        Exam skills, ``{"C01": ["2.2.S1"], "C02": ["2.2.1"]}``; ids of ``skills.yaml``.
    topics : sequence of str
        Topics of ``syllabus.yaml``.
    section : str
        The heading in the notebook under which it is taught; the check's report leads there.
    pattern : int or None
        Number of the pattern in ``docs/exercise-patterns.md``; ``None`` for plain code. Exercises with a pattern must not be guessable.
    seconds : float
        Time limit of the answer cell, and of all calls of the learner's functions in one check.

    Raises
    ------
    DefinitionError
        When any of it is missing or wrong; the message names the exercise and the field.
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
    checks: dict[str, Check] = field(default_factory=dict, init=False, repr=False)

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

    def practice(self, check: Check) -> Check:
        """Decorator: the check that runs in the learner's kernel, on practice cases that anyone may read."""
        return self._register("practice", check)

    def graded(self, check: Check) -> Check:
        """Decorator: the check that runs in the grader's process only, in ``<notebook>_hidden.py``."""
        return self._register("graded", check)

    def _register(self, phase: str, check: Check) -> Check:
        if phase in self.checks:
            raise DefinitionError(f"exercise {self.id!r}: two {phase} checks, {self.checks[phase].__name__} and {check.__name__}.")
        self.checks[phase] = check
        return check

    def _problems(self) -> list[str]:
        """Everything wrong with the definition, the first thing to mend first."""
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
