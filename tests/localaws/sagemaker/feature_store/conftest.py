"""What tests of several modules use."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from course.localaws.server import launch
from tests.localaws.boto_clients import client_factory
from tests.localaws.sagemaker.feature_store.group_fixtures import Groups
from tests.localaws.sagemaker.feature_store.offline_fixtures import Stores
from tests.localaws.sagemaker.feature_store.sdk_store import SdkStore, sdk_store

NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def local_aws(tmp_path_factory) -> Iterator[launch.Handle]:
    """A local AWS for these modules alone: they advance its clock by days."""
    handle = launch.start(tmp_path_factory.mktemp("feature-store") / "state")
    yield handle
    handle.stop()


@pytest.fixture(scope="session")
def client(local_aws) -> Callable[..., Any]:
    return client_factory(local_aws)


@pytest.fixture(scope="session")
def groups(local_aws, client) -> Groups:
    """Feature groups, and a bucket for their offline stores."""
    return Groups(local_aws, client)


@pytest.fixture
def stores(local_aws, client) -> Stores:
    """Feature groups with an offline store, in a bucket for one test."""
    return Stores(local_aws, client)


@pytest.fixture(scope="module", autouse=True)
def few_groups(local_aws, client) -> Iterator[None]:
    """Delete the module's feature groups at its end: an account may have 100."""
    yield
    local_aws.advance(1)  # so that no group is still being created
    sagemaker = client("sagemaker")
    pages = sagemaker.get_paginator("list_feature_groups").paginate()
    for summary in [summary for page in pages for summary in page["FeatureGroupSummaries"]]:
        if summary["FeatureGroupStatus"] in ("Created", "CreateFailed"):
            sagemaker.delete_feature_group(FeatureGroupName=summary["FeatureGroupName"])


@pytest.fixture(scope="module")
def store(local_aws, tmp_path_factory) -> Iterator[SdkStore]:
    """SDK v3 in this process, with a new bucket."""
    with sdk_store(local_aws, f"sdk-v3-{next(NUMBERS)}", tmp_path_factory.mktemp("sdk")) as store:
        yield store
