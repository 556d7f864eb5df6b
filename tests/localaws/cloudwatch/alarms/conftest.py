from __future__ import annotations

import pytest

from course.localaws.server import launch
from tests.localaws.cloudwatch.alarms.alarm_fixtures import AlarmFixtures


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    """A separate local AWS for the module, since its tests advance the clock."""
    handle = launch.start(tmp_path_factory.mktemp("alarms") / "state")
    yield AlarmFixtures(handle)
    handle.stop()


@pytest.fixture
def namespace(aws) -> str:
    return aws.name("Test/Space")
