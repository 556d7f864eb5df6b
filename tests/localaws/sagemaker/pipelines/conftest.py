"""Fixtures of the tests of pipelines."""

from __future__ import annotations

import pytest

from tests.localaws.sagemaker.pipelines.step_fixtures import Pipelines


@pytest.fixture(scope="session")
def pipelines(client) -> Pipelines:
    return Pipelines(client)
