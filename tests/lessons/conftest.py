"""Runs the reference lessons as `make run` does: two at a time, each on its own local AWS."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from course.localaws.protocol.conformity import STRICT
from course.localaws.server import launch
from course.regression.execute import WORKERS, lessons

ROOT = Path(__file__).parents[2]

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
    """A test that asks for ``notebook`` runs once for each reference notebook."""
    if "notebook" in metafunc.fixturenames:
        metafunc.parametrize("notebook", [source.stem for source in lessons(ROOT)])
