"""Detects a piece of the right answer in the report on a wrong one: a message may name the expected kind of value, never the value."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

SHORTEST = 3  # characters of a word that counts as a piece of an answer
DIGITS = 3  # significant digits of a number that counts; numbers with fewer occur by chance
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w.]*\d)")

Piece = str | float


def pieces(value: Any) -> Iterator[Piece]:
    """The words and numbers in a value at any depth, or in the cells of a table."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, bool) or value is None:
        return
    elif isinstance(value, Mapping):
        for pair in value.items():
            yield from pieces(pair)
    elif hasattr(value, "to_numpy"):  # pandas
        yield from pieces(value.to_numpy())
    elif hasattr(value, "tolist"):  # numpy
        yield from pieces(value.tolist())
    elif isinstance(value, (int, float)):
        yield float(value)
    elif isinstance(value, Iterable):
        for item in value:
            yield from pieces(item)


def leaked(said: str, right: Iterable[Piece], wrong: Iterable[Piece], known: str) -> list[str]:
    """The pieces of the right answer that ``said`` shows.

    Parameters
    ----------
    said : str
        The report on a wrong answer.
    right, wrong : iterable
        `pieces` of the right answer and of the wrong one. A report may repeat the pieces of the wrong answer.
    known : str
        Text that everybody can read, such as the notebook.
    """
    right, wrong = set(right), set(wrong)
    known = "\n".join((known, *(piece for piece in wrong if isinstance(piece, str))))
    words = {piece for piece in right - wrong if isinstance(piece, str) and len(piece) >= SHORTEST}
    shown = [word for word in words if _holds(said, word) and not _holds(known, word)]
    numbers, others = ([piece for piece in some if isinstance(piece, float) and math.isfinite(piece)] for some in (right, wrong))
    for text in set(NUMBER.findall(said)):
        if len(text.strip("-").replace(".", "").strip("0")) >= DIGITS and not _holds(known, text):
            places = len(text.partition(".")[2])
            is_right, is_wrong = (any(round(number, places) == float(text) for number in some) for some in (numbers, others))
            if is_right and not is_wrong:
                shown.append(text)
    return sorted(shown)


def _holds(text: str, word: str) -> bool:
    return re.search(rf"(?<![\w.]){re.escape(word)}(?!\w)", text) is not None
