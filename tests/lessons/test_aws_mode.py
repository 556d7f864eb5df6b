"""Every reference lesson with COURSE_BACKEND=aws, against a local AWS that it does not know of: nothing in it leans on the local AWS."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from course.regression.execute import Executed, execute_all

HARNESS = Path(__file__).parent / "aws_mode"

pytestmark = pytest.mark.timeout(1800)  # the first test waits for all lessons


@pytest.fixture(scope="module")
def environment(local_aws) -> dict[str, str]:
    """What a kernel is given from outside; whoever looks for the local AWS where it usually is finds nothing."""
    given = local_aws.environment()
    return given | {
        "COURSE_BACKEND": "aws",
        "COURSE_LOCALAWS_STATE": str(local_aws.state.with_name("nothing-here")),
        "PYTHONPATH": os.pathsep.join([str(HARNESS), given["PYTHONPATH"]]),
    }


@pytest.fixture(scope="module")
def runs(environment, sources, tmp_path_factory) -> dict[str, Executed]:
    done = execute_all(sources, tmp_path_factory.mktemp("executed"), [environment], lambda _: None)
    return {run.notebook: run for run in done}


def test_the_harness_refuses_the_local_aws(environment):
    script = "import course.session, course.localaws.server"
    done = subprocess.run([sys.executable, "-c", script], env=os.environ | environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "course.localaws must not be imported with COURSE_BACKEND=aws" in done.stderr


def test_the_reference_runs_and_earns_all_points(runs, notebook):
    run = runs[notebook]
    assert run.error == ""
    assert run.earned == run.points


def test_nothing_is_left_running(runs, local_aws):
    assert local_aws.running() == []


def test_the_lessons_reached_the_local_aws_by_their_environment_alone(runs, local_aws):
    assert any(event["operation"] == "CreateTrainingJob" for event in local_aws.events(limit=100_000))
    assert not local_aws.state.with_name("nothing-here").exists()
