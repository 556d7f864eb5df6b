"""Checks the hyperparameters of a first-party algorithm and adds its defaults, with the error messages of AWS's toolkit."""

from __future__ import annotations

from course.localaws.images.algorithms import AlgorithmClientError
from course.localaws.images.hyperparameters import Interval, unquoted

AUTO = "auto"
TYPES = {"integer": "an integer", "integers": "integers", "continuous": "a number"}


def resolve(given: dict[str, str], table: dict[str, dict]) -> dict[str, object]:
    """All hyperparameters, converted to their types. None for one without a value. Names that begin with ``_`` are the toolkit's.

    Parameters
    ----------
    given : dict of str to str
        As in ``hyperparameters.json``.
    table : dict
        By name ``type``, ``range`` or ``values``, ``auto`` when that is a value too, ``default``, ``required``. See
        ``kmeans/algorithm.yaml``.

    Raises
    ------
    AlgorithmClientError
    """
    given = {name: unquoted(text) for name, text in given.items()}
    unknown = [name for name in given if name not in table and not name.startswith("_")]
    if unknown:
        listed = ", ".join(f"'{name}'" for name in unknown)
        raise AlgorithmClientError(
            f"Additional hyperparameters are not allowed ({listed} {'was' if len(unknown) == 1 else 'were'} unexpected)", "ValidationError"
        )
    missing = [f"'{name}'" for name, entry in table.items() if entry.get("required") and name not in given]
    if missing:
        raise AlgorithmClientError(
            f"No value(s) were specified for {', '.join(missing)} which are required hyperparameter(s)", "ValidationError"
        )
    resolved = {name: _parse(name, given.get(name, entry.get("default")), entry) for name, entry in table.items()}
    return resolved | {name: text for name, text in given.items() if name.startswith("_")}


def _parse(name: str, value: object, entry: dict) -> object:
    if value is None or (entry.get("auto") and str(value).lower() == AUTO):
        return value if value is None else AUTO
    text, kind = str(value).strip(), entry["type"]
    if kind == "boolean":
        return _choice(name, text.lower(), ["true", "false"]) == "true"
    if kind == "list":
        return [_choice(name, item, entry["values"]) for item in _items(value)]
    if kind == "integers":
        return [int(_number(name, item, entry)) for item in _items(value)]
    if kind == "categorical":
        # A category may be a number: `faiss_index_pq_m` is one of a few numbers.
        choices = {str(choice): choice for choice in entry["values"]}
        if text not in choices and "range" in entry:
            return _number(name, text, entry)
        return choices[_choice(name, text, list(choices))]
    return _number(name, text, entry)


def _number(name: str, text: str, entry: dict) -> int | float:
    kind = "continuous" if entry["type"] == "categorical" else entry["type"]
    try:
        number = float(text) if kind == "continuous" else int(text)
    except ValueError:
        number = None
    if number is None or number not in Interval(entry["range"]):
        others = [AUTO] if entry.get("auto") else entry.get("values", [])
        options = [f"'{other}'" for other in others] + [f"{TYPES[kind]} in {entry['range']}"]
        expected = options[0] if len(options) == 1 else f"one of the following: {'; or '.join(options)}"
        raise AlgorithmClientError(
            f"The value '{text}' is not valid for the '{name}' hyperparameter which expects {expected}", "ValidationError"
        )
    return number


def _choice(name: str, text: str, choices: list[str]) -> str:
    if text not in choices:
        listed = ", ".join(f"'{choice}'" for choice in choices)
        raise AlgorithmClientError(
            f"The value '{text}' is not valid for the '{name}' hyperparameter which accepts one of the following: {listed}",
            "ValidationError",
        )
    return text


def _items(value: object) -> list[str]:
    """The items of a list in YAML, JSON or plain text: ``["msd"]``, ``[msd, ssd]``, ``msd,ssd``, ``[3, 2]``."""
    if isinstance(value, list):
        return value
    return [item.strip(" '\"") for item in str(value).strip("[] ").split(",")]
