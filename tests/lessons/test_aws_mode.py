"""Runs every reference lesson with COURSE_BACKEND=aws on a local AWS that it cannot recognise: no lesson may depend on the local AWS."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from course.regression.execute import Executed, execute_all
from tests.localaws.sagemaker.job_fixtures import needs_clarify

from . import sdk_requests
from .conftest import SLOW

CLARIFY = "m12_3_for_whom_and_why"  # its local AWS needs the libraries of Clarify, so it runs alone
HARNESS = Path(__file__).parent / "aws_mode"

pytestmark = pytest.mark.timeout(1800)  # the first test waits for all lessons


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory) -> Path:
    """A state folder without a local AWS."""
    return tmp_path_factory.mktemp("elsewhere") / "nothing-here"


@pytest.fixture(scope="module")
def environments(handles, elsewhere) -> list[dict[str, str]]:
    """The environment variables of each worker's kernels."""
    own = {"COURSE_BACKEND": "aws", "COURSE_LOCALAWS_STATE": str(elsewhere)}
    given = [handle.environment() for handle in handles]
    return [each | own | {"PYTHONPATH": os.pathsep.join([str(HARNESS), each["PYTHONPATH"]])} for each in given]


def kind(source: Path) -> str:
    return "clarify" if source.stem == CLARIFY else "slow" if source.name.startswith(SLOW) else "quick"


@pytest.fixture(
    scope="module",
    params=["quick", pytest.param("slow", marks=pytest.mark.nightly), pytest.param("clarify", marks=[pytest.mark.nightly, needs_clarify])],
)
def runs(request, environments, sources, tmp_path_factory) -> dict[str, Executed]:
    chosen = [source for source in sources if kind(source) == request.param]
    done = execute_all(chosen, tmp_path_factory.mktemp("executed"), environments, lambda _: None)
    return {run.notebook: run for run in done}


def test_the_harness_refuses_the_local_aws(environments):
    script = "import course.session, course.localaws.server.launch"
    done = subprocess.run([sys.executable, "-c", script], env=os.environ | environments[0], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "course.localaws must not be imported with COURSE_BACKEND=aws" in done.stderr


def test_the_references_run_and_earn_all_points(runs):
    assert set(runs) == {CLARIFY} or len(runs) >= 5
    assert {name: run.error for name, run in runs.items() if run.error} == {}
    assert {name: run.earned for name, run in runs.items() if run.earned != run.points} == {}


def test_nothing_is_left_running(runs, handles):
    assert [each for handle in handles for each in handle.running()] == []


def test_the_lessons_reached_the_local_aws_by_their_environment_alone(runs, handles, elsewhere):
    asked = {event["operation"] for handle in handles for event in handle.events(limit=100_000)}
    assert ("CreateProcessingJob" if set(runs) == {CLARIFY} else "CreateTrainingJob") in asked
    assert not elsewhere.exists()


def test_the_sdk_asks_for_what_boto3_asks_for(runs, handles):
    wrong = {}
    for twins in sdk_requests.table():
        if twins.notebook in runs:
            members = sdk_requests.differences(twins, handles)
            unexplained = {member: pairs for member, pairs in members.items() if member not in twins.differs}
            unseen = {member: "the same in both" for member in twins.differs.keys() - members.keys()}
            wrong[twins.notebook, twins.operation, twins.sdk] = unexplained | unseen
    assert {name: members for name, members in wrong.items() if members} == {}


def test_the_table_of_requests_names_notebooks(sources):
    assert {each.notebook for each in sdk_requests.table()} <= {source.stem for source in sources}


def test_no_two_notebooks_have_the_same_name_for_a_request():
    """The first request of a name is compared, and notebooks share a local AWS."""
    named = Counter((each.operation, each.sdk) for each in sdk_requests.table())
    assert [name for name, count in named.items() if count > 1] == []
