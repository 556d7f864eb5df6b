"""Limits linear algebra to one thread, as in a search's own process: on a busy machine, several threads wait for each other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(autouse=True, scope="package")
def one_thread() -> Iterator[None]:
    import sklearn.gaussian_process  # noqa: F401 - a library loaded later would not be limited

    with threadpool_limits(1):
        yield
