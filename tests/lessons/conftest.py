"""Reference lessons are executed as `make run` executes them, two at a time, each on a local AWS of its own."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from course.localaws.protocol.contract import STRICT
from course.localaws.server import launch
from course.regression.execute import WORKERS, lessons

ROOT = Path(__file__).parents[2]

os.environ.setdefault(STRICT, "1")  # every answer that a lesson gets must fit botocore's model


@pytest.fixture(scope="session")
def handles() -> Iterator[Sequence[launch.Handle]]:
    """Local AWS that all runs share; `execute_all` runs a lesson on the same one each time, so that none meets an empty account twice."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(launch.temporary()) for _ in range(WORKERS)]


@pytest.fixture(scope="module")
def sources() -> list[Path]:
    return lessons(ROOT)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for ``notebook`` runs once for each reference notebook."""
    if "notebook" in metafunc.fixturenames:
        metafunc.parametrize("notebook", [source.stem for source in lessons(ROOT)])
