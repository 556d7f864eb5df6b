"""Facts about AWS that may change: prices, limits, dates, closures. `facts.yaml` has each once, with its date and source."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml

REFERENCE = re.compile(r"\{fact:([a-z0-9-]+)\}")
FIELDS = {"value", "says", "source", "date", "review_by"}


class UnknownFact(KeyError):
    """No fact has that id."""

    def __str__(self) -> str:
        return self.args[0]


@cache
def facts() -> dict[str, dict[str, Any]]:
    """Every fact by id: ``value``, ``says``, ``source``, ``date`` and ``review_by`` (both `datetime.date`)."""
    return yaml.safe_load((Path(__file__).parent / "facts.yaml").read_text(encoding="utf-8"))


def fact(name: str) -> Any:
    """The value of a fact, e.g. ``fact("lambda-minutes")``.

    Raises
    ------
    UnknownFact
        When ``facts.yaml`` has no fact of that id.
    """
    try:
        return facts()[name]["value"]
    except KeyError:
        raise UnknownFact(f"course/facts.yaml has no fact {name!r}; add it with its value, source and date.") from None


def fill_in(text: str) -> str:
    """``text`` with every ``{fact:<id>}`` replaced by the fact's value. Raises `UnknownFact`."""
    return REFERENCE.sub(lambda found: _written(fact(found[1])), text)


def _written(value: Any) -> str:
    """0.00002 as people write it; ``str`` would give ``2e-05``."""
    return format(Decimal(repr(value)), "f") if isinstance(value, float) else str(value)


def overdue(today: date) -> list[str]:
    """Ids of the facts whose review date is before ``today``."""
    return sorted(name for name, known in facts().items() if known["review_by"] < today)
