"""Chooses which cases of a parametrized test run in `make test`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def first(cases: Iterable[Any], count: int) -> list[Any]:
    """The cases, of which all after the first ``count`` run in `make nightly` only. A case may be a tuple of parameters."""
    cases = list(cases)
    at_night = [pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=pytest.mark.nightly) for case in cases[count:]]
    return [*cases[:count], *at_night]
