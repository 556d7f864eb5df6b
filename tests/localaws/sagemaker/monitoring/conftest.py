"""One local AWS with captured data for all tests of monitoring schedules."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from course.localaws.server import launch
from tests.localaws.sagemaker.job_fixtures import JobFixtures
from tests.localaws.sagemaker.monitoring.monitoring_fixtures import Monitored


@pytest.fixture(scope="session")
def monitored_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Monitored]:
    handle = launch.start(tmp_path_factory.mktemp("monitored") / "state")
    yield Monitored(JobFixtures(handle, "any"))
    handle.stop()


@pytest.fixture
def monitored(monitored_aws: Monitored) -> Iterator[Monitored]:
    """No schedule of an earlier test is active."""
    yield monitored_aws
    monitored_aws.rest()
