"""Every reference lesson, twice in a row on one local AWS: no error, all points, and nothing left that AWS would bill."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from course.regression.execute import Executed, execute_all

pytestmark = pytest.mark.timeout(2400)  # the first test waits for all lessons


@dataclass(frozen=True)
class Round:
    """One run of all lessons, by notebook, and what ran on the local AWS after it."""

    lessons: dict[str, Executed]
    running: list[dict]


@pytest.fixture(scope="module")
def rounds(local_aws, sources, tmp_path_factory) -> dict[str, Round]:
    environment = {"COURSE_BACKEND": "local", "COURSE_LOCALAWS_STATE": str(local_aws.state)}
    done = {}
    for name in ("first", "second"):
        runs = execute_all(sources, tmp_path_factory.mktemp(name), [environment], lambda _: None)
        done[name] = Round({run.notebook: run for run in runs}, local_aws.running())
    return done


@pytest.mark.parametrize("name", ["first", "second"])
def test_the_reference_runs_and_earns_all_points(rounds, name, notebook):
    run = rounds[name].lessons[notebook]
    assert run.error == ""
    assert run.exercises > 0
    assert run.earned == run.points


@pytest.mark.parametrize("name", ["first", "second"])
def test_nothing_is_left_running(rounds, name):
    assert rounds[name].running == []


def test_the_lessons_worked_on_this_local_aws(rounds, local_aws):
    assert any(event["operation"] == "CreateTrainingJob" for event in local_aws.events(limit=100_000))
