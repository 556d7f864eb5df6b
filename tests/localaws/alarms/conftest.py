from __future__ import annotations

import pytest

from course.localaws import server

from .alarm_world import World


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A local AWS of the module's own, since its clock is moved."""
    handle = server.start(tmp_path_factory.mktemp("alarms") / "state")
    yield World(handle)
    handle.stop()


@pytest.fixture
def namespace(world) -> str:
    return world.name("Test/Space")
