"""A role that Lambda can assume."""

from __future__ import annotations

import pytest

from tests.localaws.awslambda.programs import make_role


@pytest.fixture(scope="session", autouse=True)
def role(client) -> str:
    return make_role(client)
