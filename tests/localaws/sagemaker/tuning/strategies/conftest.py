"""One thread for the linear algebra, as a search has it in its own process: of several, each waits for the others on a busy machine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(autouse=True, scope="package")
def one_thread() -> Iterator[None]:
    import sklearn.gaussian_process  # noqa: F401 - what is loaded later would not be limited

    with threadpool_limits(1):
        yield
