"""These tests are about the process of a local AWS, so that each starts anew."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module", autouse=True)
def forked() -> None:
    """Nothing is forked."""
