"""A local AWS in a box runs jobs in a container, too, whose root is an overlay. What a job then lacks is in its log."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from course.localaws.jobs.job_images import NO_LAYERS
from course.sandbox.box import best_mode, has_layers
from tests import containers

ROOT = Path(__file__).parents[3]
JOB = [sys.executable, "-m", "tests.localaws.server.boxed_job"]

pytestmark = [
    pytest.mark.skipif(best_mode() != "namespace" or not has_layers(), reason="no overlays in boxes on this machine, until 2027-05-24"),
    pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="another root is root's to make, until 2027-05-24"),
]


@pytest.fixture
def places() -> Iterator[list[Path]]:
    """Two empty folders in ``/tmp``."""
    with tempfile.TemporaryDirectory(dir="/tmp") as one, tempfile.TemporaryDirectory(dir="/tmp") as two:
        yield [Path(one), Path(two)]


def log(command: list[str]) -> list[str]:
    done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_job_in_a_container_has_a_layer_of_its_own(places: list[Path]) -> None:
    lines = log(containers.on_overlay_root(places[0], *JOB))
    assert "written" in lines and NO_LAYERS not in lines


@pytest.mark.nightly  # starts a local AWS of its own
def test_a_job_without_a_layer_says_so(places: list[Path]) -> None:
    """Linux stacks overlays two deep."""
    lines = log(containers.on_overlay_root(places[0], *containers.on_overlay_root(places[1], *JOB)))
    assert "refused" in lines and NO_LAYERS in lines
