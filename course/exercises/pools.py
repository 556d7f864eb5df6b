"""Draws what a notebook plants from requests that were made beforehand, so that nothing importable says what is wrong with which.

A pool is a JSON file beside this module: sets of groups of requests. All requests of a group have the same fault, and settings that differ
and do no harm. Only the hidden module that makes the file knows which fault it is; the order of the groups is its own.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

Place = tuple[int, int]  # of a set, and of a group in it


def picked(rng: random.Random, pool: str, takes: Sequence[int]) -> list[Place]:
    """Different groups, so many of each set, in an order that tells nothing.

    Parameters
    ----------
    rng : random.Random
        The learner's variant.
    pool : str
        The name of the file without its ending.
    takes : sequence of int
        For each set, how many of its groups are drawn.
    """
    places = [
        (number, group)
        for number, (groups, take) in enumerate(zip(_sets(pool), takes, strict=True))
        for group in rng.sample(range(len(groups)), take)
    ]
    rng.shuffle(places)
    return places


def drawn(rng: random.Random, pool: str, takes: Sequence[int]) -> list[Any]:
    """A request of each of the `picked` groups. The parameters are the same."""
    sets = _sets(pool)
    return [rng.choice(sets[number][group]) for number, group in picked(rng, pool, takes)]


def filled(request: Any, words: Mapping[str, str]) -> Any:
    """A copy of a request with other text for words such as ``{folder}``, wherever they stand."""
    if isinstance(request, dict):
        return {name: filled(value, words) for name, value in request.items()}
    if isinstance(request, list):
        return [filled(value, words) for value in request]
    if isinstance(request, str):
        for word, text in words.items():
            request = request.replace(f"{{{word}}}", text)
    return request


@cache
def _sets(pool: str) -> list[list[list[Any]]]:
    return json.loads(Path(__file__).with_name(f"{pool}.json").read_text(encoding="utf-8"))
