"""Reference lessons are executed as `make run` executes them, on a local AWS of the test module's own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from course.localaws import server
from course.localaws.contract.contract import STRICT
from course.regression.execute import lessons

ROOT = Path(__file__).parents[2]

os.environ.setdefault(STRICT, "1")  # every answer that a lesson gets must fit botocore's model


@pytest.fixture(scope="module")
def local_aws(tmp_path_factory) -> Iterator[server.Handle]:
    handle = server.start(tmp_path_factory.mktemp("local-aws") / "state")
    yield handle
    handle.stop()


@pytest.fixture(scope="module")
def sources() -> list[Path]:
    return lessons(ROOT)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for ``notebook`` runs once for each reference notebook."""
    if "notebook" in metafunc.fixturenames:
        metafunc.parametrize("notebook", [source.stem for source in lessons(ROOT)])
