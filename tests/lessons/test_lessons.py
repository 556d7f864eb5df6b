"""Runs reference lessons: no error, all points, and no billed resource left. `make nightly` runs each twice on one local AWS."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from course.regression.execute import Executed, execute_all

pytestmark = pytest.mark.timeout(2400)  # the first test waits for all lessons


@dataclass(frozen=True)
class Round:
    """One run of all lessons by notebook, and the resources that were still running afterwards."""

    lessons: dict[str, Executed]
    running: list[dict]


@pytest.fixture(scope="module", params=["first", pytest.param("second", marks=pytest.mark.nightly)])
def done(request, handles, sources, tmp_path_factory) -> Round:
    """Runs the notebooks that this session's tests ask for. In `make test`, `test_aws_mode.py` runs the others."""
    asked = {item.callspec.params.get("notebook") for item in request.session.items if hasattr(item, "callspec")}
    chosen = [source for source in sources if source.stem in asked]
    environments = [{"COURSE_BACKEND": "local", "COURSE_LOCALAWS_STATE": str(handle.state)} for handle in handles]
    runs = execute_all(chosen, tmp_path_factory.mktemp(request.param), environments, lambda _: None)
    return Round({run.notebook: run for run in runs}, [each for handle in handles for each in handle.running()])


def test_the_reference_runs_and_earns_all_points(done, notebook):
    run = done.lessons[notebook]
    assert run.error == ""
    assert run.exercises > 0
    assert run.earned == run.points


def test_nothing_is_left_running(done):
    assert done.running == []


def test_the_lessons_worked_on_these_local_aws(done, handles):
    assert "CreateTrainingJob" in {event["operation"] for handle in handles for event in handle.events(limit=100_000)}
