"""Checks the hyperparameters of a built-in algorithm against its table, with the messages of ``sagemaker_algorithm_toolkit``."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

RANGE = re.compile(r"(?P<left>[\[(])(?P<low>[^,]+), (?P<high>[^\])]+)(?P<right>[\])])")


class UserError(Exception):
    """An error that the user can correct. Its text becomes part of the job's failure reason."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A range of numbers, written as in ``(0, 1]``."""

    text: str

    def __contains__(self, value: float) -> bool:
        parts = RANGE.fullmatch(self.text)
        low, high = float(parts["low"]), float(parts["high"])
        above = value >= low if parts["left"] == "[" else value > low
        below = value <= high if parts["right"] == "]" else value < high
        return above and below

    def __str__(self) -> str:
        return self.text


def validate(given: dict[str, str], table: dict[str, dict]) -> dict[str, object]:
    """The hyperparameters, converted to their types.

    Parameters
    ----------
    given : dict of str to str
        As in ``hyperparameters.json``. SDK v2 writes values as JSON strings; their quotes are removed.
    table : dict
        By name ``type``, ``range`` or ``values``, ``required``, ``refused`` (see ``xgboost/algorithm.yaml``).

    Raises
    ------
    UserError
        A required one is missing, or one is unknown, malformed, out of its range, or refused.
    """
    for name, entry in table.items():
        if entry.get("required") and name not in given:
            raise UserError(f"Missing required hyperparameter: {name}")
    parsed = {}
    for name, text in given.items():
        if name not in table:
            raise UserError(f"Extraneous hyperparameter found: {name}")
        if "refused" in table[name]:
            raise UserError(f"Hyperparameter {name}: {table[name]['refused']}")
        try:
            parsed[name] = _parse(unquoted(text), table[name]["type"])
        except ValueError:
            raise UserError(f"Hyperparameter {name}: could not parse value (caused by ValueError)") from None
    for name, value in parsed.items():
        _check_range(name, value, table[name])
    return parsed


def unquoted(text: str) -> str:
    """The text without JSON's quotes, which some versions of the SDK add."""
    return str(json.loads(text)) if len(text) > 1 and text[0] == text[-1] == '"' else text


def _parse(text: str, kind: str) -> object:
    if kind == "integer":
        return int(text)
    if kind == "continuous":
        return float(text)
    return [item.strip() for item in text.split(",")] if kind == "list" else text


def _check_range(name: str, value: object, entry: dict) -> None:
    if "range" in entry and value not in Interval(entry["range"]):
        raise UserError(f"Hyperparameter {name}: {value} is not in {entry['range']}")
    if "values" in entry:
        values = entry["values"]
        if isinstance(value, list) and not set(value) <= set(values):
            raise UserError(f"Hyperparameter {name}: value {value} not in range {values}")
        if not isinstance(value, list) and value not in values:
            raise UserError(f"Hyperparameter {name}: {value} is not in {values}")
