"""The view of an answer that a check gets: plain values, results of the learner's functions, and the state of AWS."""

from __future__ import annotations

import functools
import random
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

from course.grading import calls, values
from course.grading.errors import AnswerError, DefinitionError
from course.grading.exercise import kinds, seeds
from course.grading.exercise.definition import ExerciseDefinition
from course.grading.exercise.evidence_types import Function, Value

Call = Callable[[str, tuple, float], tuple[Any, str]]  # (name, arguments, seconds) -> (plain result, printed text)


def fresh_token() -> str:
    """Eight random hexadecimal digits, for a name in AWS that must not exist yet."""
    return secrets.token_hex(4)


class Answer:
    """The evidence of one exercise, as its check sees it.

    Parameters
    ----------
    exercise : ExerciseDefinition
    plain_values : mapping
        Plain data of each `Value` of the definition.
    call : callable
        Calls a learner's function by name with plain arguments, in this or another process; raises `AnswerError`.
    rng : random.Random
        Draws the cases of this check.
    learner : str
        The learner whose variant of the exercise this is.
    client : callable
        Makes a boto3 client for a service name; called once for each.
    token : callable
        As `fresh_token`; when an answer is judged again from a recording, it returns the recorded tokens.
    """

    def __init__(
        self,
        exercise: ExerciseDefinition,
        plain_values: Mapping[str, Any],
        call: Call,
        rng: random.Random,
        learner: str,
        client: Callable[[str], Any],
        token: Callable[[], str] = fresh_token,
    ) -> None:
        self.exercise = exercise
        self.token = token
        self.rng = rng
        self.learner = learner
        self.client = functools.cache(client)  # to make one takes longer than a call
        self.output = ""
        self.on_call: Callable[[str], None] = lambda name: None  # receives the name of each function, before it is called
        self._values = {name: _of_kind(name, plain_values[name], wanted) for name, wanted in exercise.values.items()}
        self._call = call
        self._seconds = exercise.seconds

    def variant(self) -> random.Random:
        """A new generator for the learner's variant, in the same state as the notebook's own from `course.grading.variant`."""
        return seeds.stream("variant", self.exercise.id, self.learner, seeds.PUBLISHED)

    def value(self, name: str) -> Any:
        """A fresh copy of the plain value handed over as ``name``, of the kind that the definition asks for."""
        if name not in self._values:
            raise DefinitionError(f"exercise {self.exercise.id!r} has no value {name!r}; it has {', '.join(self._values) or 'none'}.")
        return values.plain(self._values[name])

    def call(self, name: str, *arguments: Any) -> Any:
        """Call the learner's function on plain data and return its plain result.

        Raises
        ------
        AnswerError
            When the function raised, ran out of the exercise's time, or returned another kind of value than its signature says. A check
            may catch it; otherwise the report stops here and shows it.
        """
        function = self.exercise.evidence.get(name)
        if not isinstance(function, Function):
            raise DefinitionError(f"exercise {self.exercise.id!r} has no function {name!r}.")
        self.on_call(name)
        if self._seconds <= 0:
            raise AnswerError(f"`{name}` took longer than {self.exercise.seconds:.3g} seconds in all.", function=name)
        started = time.monotonic()
        try:
            result, output = self._call(name, arguments, self._seconds)
        except AnswerError as error:
            self.output += error.output
            error.function = name
            raise
        finally:
            self._seconds -= time.monotonic() - started
        self.output += output
        try:
            return kinds.conform(result, function.returns)
        except kinds.KindError as error:
            shown = ", ".join(kinds.show(argument) for argument in arguments)
            raise AnswerError(f"The result of `{name}({shown})` {error}.", function=name) from None


def collect(exercise: ExerciseDefinition, evidence: Mapping[str, Any]) -> dict[str, Any]:
    """Plain values of the evidence that a check cell hands over. Functions are left out: they stay in the learner's process.

    Raises
    ------
    AnswerError
        When something is missing, unknown, not answered yet, not a function or not plain data.
    """
    names = ", ".join(f"{name}=…" for name in exercise.evidence)
    for name in evidence:
        if name not in exercise.evidence:
            raise AnswerError(f'This exercise takes no `{name}`; the check is `check("{exercise.id}", {names})`.')
    plain_values = {}
    for name, wanted in exercise.evidence.items():
        if name not in evidence:
            raise AnswerError(f'`{name}` is missing: the check is `check("{exercise.id}", {names})`.')
        given = evidence[name]
        if given is ... or given is NotImplemented:
            raise AnswerError(f"`{name}` has no answer yet; expected {wanted}.", unanswered=True)
        if isinstance(wanted, Function):
            calls.acceptable(name, given, len(wanted.arguments))
        else:
            plain_values[name] = values.plain(given, name)
    return plain_values


def _of_kind(name: str, value: Any, wanted: Value) -> Any:
    try:
        return kinds.conform(value, wanted.kind)
    except kinds.KindError as error:
        raise AnswerError(f"`{name}` {error}.") from None
