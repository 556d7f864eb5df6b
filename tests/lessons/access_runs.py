"""Runs a lesson's reference notebooks with the policies that the lesson ships, and reads what the local AWS asked of IAM meanwhile.

The caller is a session of the role ``Learner``, which has only ``given/policies/learner.json``. The lesson's jobs run as `SageMakerRole`,
which has only ``given/policies/execution.json``. The notebooks run in AWS mode: their rights come from the environment, as on AWS.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from course.localaws.server import launch
from course.regression.execute import Executed, execute_all, lessons
from course.session import EXECUTION_ROLE
from tests.localaws.boto_clients import client_factory
from tests.localaws.iam.callers import document

ROOT = Path(__file__).parents[2]
HARNESS = Path(__file__).parent / "aws_mode"
RECORDER = Path(__file__).parent / "recorder"
ACCOUNT = "123456789012"
ROLES = {"learner": "Learner", "execution": EXECUTION_ROLE}  # policy -> the role that has it
LESSONS = {path.parents[2].name: path.parent for path in sorted((ROOT / "solutions").glob("*/given/policies/learner.json"))}


@dataclass(frozen=True)
class StatementName:
    """One statement of a lesson's policies; ``policy`` is ``"learner"`` or ``"execution"``."""

    lesson: str
    policy: str
    sid: str

    def __str__(self) -> str:
        return f"{self.lesson[:3]}-{self.policy}-{self.sid}"


@dataclass(frozen=True)
class Attempt:
    """One notebook after a run, and what IAM decided meanwhile."""

    executed: Executed
    decisions: list[dict]

    def refused(self, role: str, actions: list[str]) -> list[dict]:
        """The refused requests of a role for one of these actions."""
        return [each for each in self.decisions if not each["allowed"] and each["caller"] == role and each["action"] in actions]


def policies(lesson: str, without: StatementName | None = None) -> dict[str, dict]:
    """The policies of a lesson by name, perhaps without one of their statements."""
    found = {name: json.loads((LESSONS[lesson] / f"{name}.json").read_text()) for name in ROLES}
    if without is not None:
        changed = found[without.policy]
        changed["Statement"] = [one for one in changed["Statement"] if one["Sid"] != without.sid]
    return found


def statements(lesson: str) -> list[StatementName]:
    """All statements of a lesson's policies."""
    return [StatementName(lesson, name, one["Sid"]) for name, given in policies(lesson).items() for one in given["Statement"]]


def statement(name: StatementName) -> dict:
    """The statement of this name."""
    [found] = [one for one in policies(name.lesson)[name.policy]["Statement"] if one["Sid"] == name.sid]
    return found


def notebooks(lesson: str) -> list[Path]:
    """The solution notebooks of a lesson."""
    return [path for path in lessons(ROOT) if path.parent.name == lesson]


def attempt(notebook: Path, documents: dict[str, dict], folder: Path) -> Attempt:
    """Run one notebook on a new local AWS whose two roles have these policies only."""
    folder.mkdir(exist_ok=True)
    record = folder / "decisions.jsonl"
    recording = {"PYTHONPATH": str(RECORDER), "RECORDED_DECISIONS": str(record)}  # of the local AWS, see recorder/sitecustomize.py
    with mock.patch.dict(os.environ, recording), launch.temporary() as handle:
        client = client_factory(handle)
        _give_policies(client("iam"), documents)
        role = f"arn:aws:iam::{ACCOUNT}:role/{ROLES['learner']}"
        keys = client("sts").assume_role(RoleArn=role, RoleSessionName="learner")["Credentials"]
        [executed] = execute_all([notebook], folder, [_environment(handle, keys)], lambda _: None)
    decisions = [json.loads(line) for line in record.read_text().splitlines()]
    return Attempt(executed, [each for each in decisions if each["caller"] in ROLES.values()])


def _give_policies(iam: Any, documents: dict[str, dict]) -> None:
    trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName=ROLES["learner"], AssumeRolePolicyDocument=document(trust))
    for attached in iam.list_attached_role_policies(RoleName=EXECUTION_ROLE)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=EXECUTION_ROLE, PolicyArn=attached["PolicyArn"])
    for inline in iam.list_role_policies(RoleName=EXECUTION_ROLE)["PolicyNames"]:
        iam.delete_role_policy(RoleName=EXECUTION_ROLE, PolicyName=inline)
    for name, role in ROLES.items():
        iam.put_role_policy(RoleName=role, PolicyName="Lesson", PolicyDocument=json.dumps(documents[name]))


def _environment(handle: launch.Handle, keys: dict) -> dict[str, str]:
    """The variables with which a kernel in AWS mode is the role's session, and knows nothing of the local AWS."""
    given = handle.environment()
    return given | {
        "COURSE_BACKEND": "aws",
        "COURSE_ROLE": f"arn:aws:iam::{ACCOUNT}:role/{EXECUTION_ROLE}",
        "COURSE_LOCALAWS_STATE": str(handle.state / "nothing-here"),
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        "AWS_SESSION_TOKEN": keys["SessionToken"],
        "PYTHONPATH": os.pathsep.join([str(HARNESS), given["PYTHONPATH"]]),
    }
