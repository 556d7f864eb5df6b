"""Answers of every kind and shape: the reference's evidence with one part replaced, left out or added, at any depth.

A learner's wrong answer usually has the right form up to one member. So do these; values drawn without a form would end at the first type.
"""

from __future__ import annotations

import copy
import datetime
import random
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 7, 10**30, 0.5, -0.0, float("nan"), float("inf"), 1e308),
    *("", " ", "text", "s3://bucket/prefix/", "0", "1.5", "é😀", "{", "[]", "x" * 5_000, "\x00\x1b"),
    *([], [None], [[]], ["text"], [0, "text", None], [1.5] * 50, {}, {"": None}, {1: 2}, {"a": {"b": []}}, {None: 1.5}),
    *(datetime.date(2013, 7, 1), datetime.datetime(2013, 7, 1, 10)),
    *(pd.DataFrame(), pd.DataFrame({"a": [None, 1.5], 5: ["x", None]}), pd.DataFrame({"a": []}), pd.Series([], dtype=float)),
    *(pd.Series(["x", None]), np.zeros(0), np.zeros((2, 0)), np.array([[1.5, float("nan")]])),
)

Evidence = dict[str, Any]


def fuzzed(reference: Mapping[str, Any], rng: random.Random) -> Evidence:
    """The reference's evidence with one value, or all results of one function, changed."""
    name = rng.choice(sorted(reference))
    given = reference[name]
    return {**reference, name: _odd_function(given, rng.random()) if callable(given) else changed(given, rng)}


def changed(value: Any, rng: random.Random) -> Any:
    """A copy of plain data with one part changed; most often a member at some depth."""
    if isinstance(value, (list, dict)) and value and rng.random() < 0.8:
        made = copy.copy(value)
        key = rng.choice(list(made)) if isinstance(made, dict) else rng.randrange(len(made))
        if rng.random() < 0.1:
            del made[key]
        else:
            made[key] = changed(made[key], rng)
        return made
    if isinstance(value, pd.DataFrame) and value.shape[1] and rng.random() < 0.5:
        return _changed_table(value, rng)
    return rng.choice([_of_another_shape(value), *rng.choices(ODD, k=3)])


def _of_another_shape(value: Any) -> Any:
    """The same content in another form: what a learner writes who has the idea and not the form."""
    match value:
        case dict():
            return list(value.items())
        case list():
            return {str(number): item for number, item in enumerate(value)} if len(value) % 2 else tuple(value) * 2
        case bool() | int() | float():
            return str(value)
        case str():
            return [value]
        case pd.DataFrame():
            return value.to_dict("list")
        case pd.Series() | np.ndarray():
            return value.tolist()
    return [value]


def _changed_table(table: pd.DataFrame, rng: random.Random) -> pd.DataFrame:
    column = rng.choice(list(table.columns))
    return rng.choice(
        [
            table.iloc[:0],
            table.iloc[::-1],
            table.drop(columns=column),
            table.rename(columns={column: "another"}),
            table.assign(**{str(column): None}),
            table.assign(**{str(column): "text"}),
            pd.concat([table, table]),
        ]
    )


def _odd_function(function: Callable, seed: float) -> Callable:
    """A function whose results are the reference's, changed; the same one for the same call, as checks expect of most functions."""

    def odd(*arguments: Any) -> Any:
        return changed(function(*arguments), random.Random(seed))

    return odd
