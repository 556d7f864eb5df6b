"""Fixtures of the tests of pipelines."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from tests.localaws.sagemaker.pipelines.sdk_v3 import SdkPipelines, sdk_pipelines
from tests.localaws.sagemaker.pipelines.step_fixtures import Pipelines

NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def pipelines(client) -> Pipelines:
    return Pipelines(client)


@pytest.fixture(scope="module")
def sdk(local_aws, tmp_path_factory) -> Iterator[SdkPipelines]:
    """SDK v3 in this process, with a new bucket."""
    with sdk_pipelines(local_aws, f"pipelines-{next(NUMBERS)}", tmp_path_factory.mktemp("sdk")) as pipelines:
        yield pipelines
