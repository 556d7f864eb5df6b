"""The fixtures of the tests with real boxes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sandbox.running_boxes import MODES


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "a box" / "ml"
    root.mkdir(parents=True)
    return root
