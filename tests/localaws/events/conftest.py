"""EventBridge on the session's local AWS, and on one of the module's own whose clock may be advanced."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from course.localaws.server import launch
from tests.localaws.events.events_fixtures import EventsFixtures


@pytest.fixture
def aws(local_aws: launch.Handle) -> EventsFixtures:
    return EventsFixtures(local_aws)


@pytest.fixture(scope="module")
def clocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventsFixtures]:
    handle = launch.start(tmp_path_factory.mktemp("events") / "state")
    yield EventsFixtures(handle)
    handle.stop()
