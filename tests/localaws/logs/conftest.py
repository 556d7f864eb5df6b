"""A CloudWatch Logs client and unique log groups."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError

_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def logs(client):
    return client("logs")


@pytest.fixture
def group(logs) -> str:
    return make_group(logs)


def make_group(logs) -> str:
    name = f"/test/group-{next(_NUMBERS)}"
    logs.create_log_group(logGroupName=name)
    return name


@pytest.fixture
def refused() -> Callable:
    """``with refused("ResourceNotFoundException"):`` — the block must fail with exactly that error, status 400."""

    @contextmanager
    def check(code: str):
        with pytest.raises(ClientError) as caught:
            yield caught
        error = caught.value.response
        assert (error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == (code, 400)

    return check
