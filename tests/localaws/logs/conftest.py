"""A CloudWatch Logs client and unique log groups."""

from __future__ import annotations

import itertools

import pytest

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
