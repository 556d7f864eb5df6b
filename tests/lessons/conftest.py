"""Runs the reference lessons as `make run` does: two at a time, each on its own local AWS.

In `make test` a notebook runs once: locally if its declaration says that its run is slow, otherwise in AWS mode. `TWICE` runs both
ways, on the same local AWS. In `make nightly` each runs twice locally and once in AWS mode.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from course.authoring import declaration
from course.localaws.protocol.conformity import STRICT
from course.localaws.server import launch
from course.regression.execute import WORKERS, lessons

ROOT = Path(__file__).parents[2]
SLOW = tuple(declaration.slow_notebooks(ROOT, "run"))
TWICE = "m04_1"

os.environ.setdefault(STRICT, "1")  # every response must fit botocore's model


@pytest.fixture(scope="session")
def handles() -> Iterator[Sequence[launch.Handle]]:
    """The local AWS of each worker. All runs share them: `execute_all` runs a lesson on the same one each time, with the earlier state."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(launch.temporary()) for _ in range(WORKERS)]


@pytest.fixture(scope="module")
def sources() -> list[Path]:
    return lessons(ROOT)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for ``notebook`` runs once for each reference notebook, by day for those that run locally by day."""
    if "notebook" in metafunc.fixturenames:
        names = [source.stem for source in lessons(ROOT)]
        by_day = (*SLOW, TWICE)
        metafunc.parametrize(
            "notebook", [pytest.param(name, marks=() if name.startswith(by_day) else pytest.mark.nightly) for name in names]
        )
