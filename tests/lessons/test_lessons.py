"""Every reference lesson, twice on the same local AWS: no error, all points, and nothing left that AWS would bill."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from course.regression.execute import Executed, execute_all

pytestmark = pytest.mark.timeout(2400)  # the first test waits for all lessons


@dataclass(frozen=True)
class Round:
    """One run of all lessons, by notebook, and what ran on any local AWS after it."""

    lessons: dict[str, Executed]
    running: list[dict]


@pytest.fixture(scope="module")
def rounds(handles, sources, tmp_path_factory) -> dict[str, Round]:
    environments = [{"COURSE_BACKEND": "local", "COURSE_LOCALAWS_STATE": str(handle.state)} for handle in handles]
    done = {}
    for name in ("first", "second"):
        runs = execute_all(sources, tmp_path_factory.mktemp(name), environments, lambda _: None)
        done[name] = Round({run.notebook: run for run in runs}, [each for handle in handles for each in handle.running()])
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


def test_the_lessons_worked_on_these_local_aws(rounds, handles):
    assert "CreateTrainingJob" in {event["operation"] for handle in handles for event in handle.events(limit=100_000)}
