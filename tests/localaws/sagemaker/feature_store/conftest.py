"""What tests of several modules use."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from tests.localaws.sagemaker.feature_store.sdk_store import SdkStore, sdk_store

NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def store(local_aws, tmp_path_factory) -> Iterator[SdkStore]:
    """SDK v3 in this process, with a new bucket."""
    with sdk_store(local_aws, f"sdk-v3-{next(NUMBERS)}", tmp_path_factory.mktemp("sdk")) as store:
        yield store
