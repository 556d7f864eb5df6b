"""A local AWS of the module's own, whose clock may be advanced."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from course.localaws.server import launch
from tests.localaws.cloudtrail.trail_fixtures import TrailFixtures


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrailFixtures]:
    handle = launch.start(tmp_path_factory.mktemp("trails") / "state")
    yield TrailFixtures(handle)
    handle.stop()
