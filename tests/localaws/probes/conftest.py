"""One world for all probes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from course.localaws.server import launch
from tests.localaws.probes.world import World


@pytest.fixture(scope="session")
def world(forks: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with launch.forked_from(forks):
        handles = [launch.start(tmp_path_factory.mktemp(name) / "state") for name in ("local-aws", "other-aws")]
    yield World(*handles, tmp_path_factory.mktemp("world"))
    for handle in handles:
        handle.stop()
