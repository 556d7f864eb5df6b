"""The two types of evidence that an exercise can ask for: plain values and functions."""

from __future__ import annotations

import ast
from typing import Any

from course.grading.errors import DefinitionError
from course.grading.exercise import kinds


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
    """Evidence that is a function with the signature that the exercise asks for: ``Function("choose_input(channel: dict) -> str")``.

    Annotations use ``str``, ``bool``, ``int``, ``float``, ``list``, ``dict``, ``None``, ``DataFrame``, ``Series``, ``ndarray`` and
    combinations of them; without ``->`` the function may return any plain data.

    Checks must accept results whose fractions are rounded to ``digits`` decimals, as in the text's example, or to six significant digits
    when it is None. The gate tries both.
    """

    def __init__(self, signature: str, digits: int | None = None) -> None:
        self.signature = signature
        self.digits = digits
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
