"""m10_2_ex2: each execution that a learner's function has to finish fails as its case says, and nothing of it stays."""

from __future__ import annotations

import random
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from course.localaws.server import launch
from graders.m10_pipelines import m10_2_finish as finish
from graders.m10_pipelines.m10_2_hidden import graded_cases
from tests.localaws.boto_clients import client_factory


@pytest.fixture(scope="module")
def answer(tmp_path_factory) -> Iterator[Any]:
    """What a case needs of an answer: clients of the local AWS."""
    handle = launch.start(tmp_path_factory.mktemp("finish") / "state")
    yield SimpleNamespace(client=client_factory(handle))
    handle.stop()


@pytest.mark.nightly  # runs ten pipelines; m10_2 runs its reference, every other day
@pytest.mark.parametrize("draw", [finish.practice_cases, graded_cases])
@pytest.mark.parametrize("seed", range(20))
def test_each_execution_fails_as_its_case_says(answer, draw, seed) -> None:
    for number, case in enumerate(draw(random.Random(seed))):
        with finish.there(answer, f"case-{seed}-{number}", case) as place:
            failed = place.fail()
            version = place.sagemaker.describe_pipeline(PipelineName=place.name)["PipelineDefinition"]
        assert version == case.definition("", place.role)
        old = dict([case.renamed])
        status = {name: failed.ended_as(old.get(name, name)) for name in names(case)}
        assert failed.status == "Failed" and status[case.faults[-1]] == "Failed"
        assert {name for name, ended in status.items() if ended == "Failed"} == {case.faults[-1]}
        assert {name for name in case.runs if status[name] == "Succeeded"} == set()
        # What neither succeeded nor has to run was not selected, or is in a branch.
        others = {name for name, ended in status.items() if ended != "Succeeded"} - case.runs
        outside = {step["Name"] for step in case.steps} - set(case.selected)
        assert not others & outside or case.selected


def names(case: finish.Case) -> list[str]:
    return [step["Name"] for step in finish.every_step(case.steps)]


def test_some_step_that_has_to_run_never_started_in_each_case() -> None:
    """Else an answer that selects the failed step alone would earn what is for the rest."""
    for draw in (finish.practice_cases, graded_cases):
        assert all(case.runs > {case.faults[-1]} for case in draw(random.Random(1)))


def test_the_list_of_steps_of_one_case_has_a_second_page() -> None:
    assert any(len(names(case)) - len(case.runs) > 10 for case in graded_cases(random.Random(1)))


def test_a_condition_that_has_to_run_is_in_the_branch_of_another() -> None:
    for case in graded_cases(random.Random(1)):
        inner = {step["Name"] for step in finish.every_step(case.steps) if step["Type"] == "Condition"} - {s["Name"] for s in case.steps}
        if inner:
            assert inner <= case.runs
            return
    pytest.fail("no case has a condition in a branch")


def test_nothing_is_left_after_an_error(answer) -> None:
    sagemaker, case = answer.client("sagemaker"), finish.practice_cases(random.Random(1))[0]
    before = sagemaker.list_models(MaxResults=100)["Models"]
    with pytest.raises(ZeroDivisionError), finish.there(answer, "case-error", case) as place:
        assert place.fail().ended_as(case.faults[0]) == "Failed" and len(sagemaker.list_models(MaxResults=100)["Models"]) > len(before)
        raise ZeroDivisionError
    assert sagemaker.list_models(MaxResults=100)["Models"] == before
    assert "case-error" not in [each["PipelineName"] for each in sagemaker.list_pipelines()["PipelineSummaries"]]
