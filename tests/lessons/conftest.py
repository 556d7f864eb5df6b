"""Runs the reference lessons as `make run` does: two at a time, each on its own local AWS.

In `make test` a notebook runs once in AWS mode, or locally if its declaration says that its run is slow. Of the slow ones, `A_DAY` run,
others every day, so that the time stays the same as the course grows. `TWICE` runs both ways, on the same local AWS. In `make nightly`
each notebook runs twice locally and once in AWS mode.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import pytest

from course.authoring import declaration
from course.localaws.protocol.conformity import STRICT
from course.localaws.server import launch
from course.regression import rotation
from course.regression.execute import WORKERS, lessons

ROOT = Path(__file__).parents[2]
SLOW = tuple(declaration.slow_notebooks(ROOT, "run"))
TWICE = "m04_1"
A_DAY = 1

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
    """A test that asks for ``notebook`` runs once for each reference notebook, by day for those that run locally on this day."""
    if "notebook" in metafunc.fixturenames:
        sources = lessons(ROOT)
        slow = [source for source in sources if source.name.startswith(SLOW)]
        by_day = rotation.plan(slow, date.today(), A_DAY).executed
        marks = {source: () if source in by_day or source.name.startswith(TWICE) else pytest.mark.nightly for source in sources}
        metafunc.parametrize("notebook", [pytest.param(source.stem, marks=marks[source]) for source in sources])
