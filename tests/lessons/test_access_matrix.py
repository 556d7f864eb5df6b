"""The policies that m04, m08 and m10 ship (``given/policies``): each lesson succeeds with them, and fails without any one statement.

By day the policy engine decides about the requests that `record_access` has recorded, and one notebook really runs without a statement. At
night all run: each notebook with the whole policies, and for each statement a notebook that needs it, without it.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path

import pytest

from course.localaws.iam import policy
from course.localaws.iam.authorization import NO_RESOURCE
from course.localaws.iam.policy import AuthorizationRequest

from .access_runs import LESSONS, ROLES, Attempt, StatementName, attempt, notebooks, policies, statement, statements
from .record_access import recorded, requests

ALL = [name for lesson in LESSONS for name in statements(lesson)]
NOTEBOOKS = [source for lesson in LESSONS for source in notebooks(lesson)]
REMOVED_BY_DAY = "m04-learner-PassExecutionRoleToSageMaker"

pytestmark = pytest.mark.timeout(1800)


def allows(statements: list[dict], request: dict) -> bool:
    parsed = policy.parse("the lesson's policy", {"Version": "2012-10-17", "Statement": statements})
    return policy.evaluate(AuthorizationRequest(request["action"], request["resource"], request["context"]), [parsed]).allowed


@functools.cache
def needed(name: StatementName) -> dict[str, list[dict]]:
    """The recorded requests that only this statement allows, by notebook."""
    rest = policies(name.lesson, without=name)[name.policy]["Statement"]
    own = [statement(name)]
    return {
        notebook: [one for one in found if one["policy"] == name.policy and allows(own, one) and not (rest and allows(rest, one))]
        for notebook, found in recorded(name.lesson).items()
    }


def used(name: StatementName, **part: str) -> bool:
    """Whether a recorded request needs the statement with only this action, or only this resource."""
    return any(allows([statement(name) | part], one) for found in needed(name).values() for one in found)


def listed(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]


# By day


def test_the_three_lessons_ship_policies() -> None:
    assert {lesson[:3] for lesson in LESSONS} >= {"m04", "m08", "m10"}
    assert all(len(json.dumps(document)) <= 10_240 for lesson in LESSONS for document in policies(lesson).values())  # IAM's limit


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_policies_allow_every_recorded_request(lesson: str) -> None:
    given = {name: document["Statement"] for name, document in policies(lesson).items()}
    assert [one for found in recorded(lesson).values() for one in found if not allows(given[one["policy"]], one)] == []


@pytest.mark.parametrize("name", ALL, ids=str)
def test_each_statement_is_needed(name: StatementName) -> None:
    assert any(needed(name).values())


@pytest.mark.parametrize("name", ALL, ids=str)
def test_each_action_and_resource_of_a_statement_is_needed(name: StatementName) -> None:
    one = statement(name)
    assert [action for action in listed(one["Action"]) if not used(name, Action=action)] == []
    assert [resource for resource in listed(one["Resource"]) if not used(name, Resource=resource)] == []


@pytest.mark.parametrize("name", ALL, ids=str)
def test_the_resource_is_a_star_only_where_aws_has_no_resource(name: StatementName) -> None:
    """The local AWS asks on ``*`` for the actions that have no resource in AWS's Service Authorization Reference."""
    one = statement(name)
    assert not any("*" in action for action in listed(one["Action"]))
    if "*" in listed(one["Resource"]):
        assert {each["resource"] for found in needed(name).values() for each in found} <= set(NO_RESOURCE)


# Real runs


def run(source: Path, folder: Path, without: StatementName | None = None) -> Attempt:
    return attempt(source, policies(source.parent.name, without), folder)


@pytest.mark.nightly
@pytest.mark.parametrize("source", NOTEBOOKS, ids=lambda source: source.stem)
def test_a_lesson_succeeds_with_its_policies(source: Path, tmp_path: Path) -> None:
    made = run(source, tmp_path)
    assert made.executed.error == ""
    assert made.executed.earned == made.executed.points
    known = {(one["policy"], one["action"]) for one in recorded(source.parent.name)[source.stem]}
    assert {(one["policy"], one["action"]) for one in requests(made)} - known == set(), "run tests.lessons.record_access anew"


@pytest.mark.parametrize(
    "name", [pytest.param(name, id=str(name), marks=() if str(name) == REMOVED_BY_DAY else pytest.mark.nightly) for name in ALL]
)
def test_a_lesson_fails_without_a_statement(name: StatementName, tmp_path: Path) -> None:
    """It runs the notebook of which most requests need the statement, and others if that one does without. Each ends at its first error."""
    found = {stem: requests for stem, requests in needed(name).items() if requests}
    sources = sorted((each for each in notebooks(name.lesson) if each.stem in found), key=lambda each: -len(found[each.stem]))
    attempts = (run(source, tmp_path / source.stem, without=name) for source in sources)
    made = next((each for each in attempts if not each.executed.ok), None)
    assert made is not None
    assert made.refused(ROLES[name.policy], listed(statement(name)["Action"]))
