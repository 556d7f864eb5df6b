"""Which services may assume a role."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from course.localaws.core.clock import Clock
from course.localaws.iam.identity import Identity

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
SERVICE = "sagemaker.amazonaws.com"
JOB = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:training-job/j"
NAMED = {"Principal": {"Service": ["glue.amazonaws.com", SERVICE]}}
FOR_JOBS = {"Condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:sagemaker:*:{ACCOUNT}:training-job/*"}}}
FOR_OTHERS = {"Condition": {"StringEquals": {"aws:SourceAccount": "210987654321"}}}
DENIED = NAMED | {"Effect": "Deny"}


class Records:
    """The part of moto that has the roles: one role."""

    def __init__(self, *statements: dict) -> None:
        standard = {"Effect": "Allow", "Action": "sts:AssumeRole"}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [standard | statement for statement in statements]})
        role = SimpleNamespace(name="r", arn=ROLE, id="AROA", tags=[], policies={}, managed_policies={}, permissions_boundary_arn=None)
        role.assume_role_policy_document, role.max_session_duration = trust, None
        self.roles, self.users = {"AROA": role}, {}

    def iam(self) -> Records:
        return self

    def run(self, function):
        return function()


def trusts(folder: Path, *statements: dict, role: str = ROLE, source: str | None = None) -> bool:
    identity = Identity(folder, ACCOUNT, Clock())
    identity.moto = Records(*statements)
    try:
        return identity.trusts(role, SERVICE, source)
    finally:
        identity.close()


@pytest.mark.parametrize("source", [None, JOB])
@pytest.mark.parametrize(
    ("statements", "trusted"),
    [
        ([NAMED], True),
        ([{"Principal": {"Service": SERVICE}}], True),
        ([{"Principal": "*"}], True),
        ([{"Principal": {"Service": "glue.amazonaws.com"}}], False),
        ([{"Principal": {"AWS": ACCOUNT}}], False),
        ([NAMED | {"Action": "sts:TagSession"}], False),
        ([NAMED, DENIED], False),
        ([NAMED, DENIED | FOR_OTHERS], True),
        ([NAMED | FOR_JOBS], True),
    ],
)
def test_a_trust_policy_names_the_services(tmp_path, statements, trusted, source):
    assert trusts(tmp_path, *statements, source=source) is trusted


def test_conditions_count_when_the_source_is_known(tmp_path):
    assert trusts(tmp_path, NAMED | FOR_OTHERS)
    assert not trusts(tmp_path, NAMED | FOR_OTHERS, source=JOB)
    assert not trusts(tmp_path, NAMED | FOR_JOBS, source=JOB.replace("training", "processing"))
    assert not trusts(tmp_path, NAMED, DENIED | FOR_JOBS, source=JOB)


def test_without_a_source_a_statement_must_name_services(tmp_path):
    for principal in ({"Principal": {"AWS": "*"}}, {"NotPrincipal": {"Service": "glue.amazonaws.com"}}):
        assert not trusts(tmp_path, principal)


@pytest.mark.parametrize("role", [f"{ROLE}2", f"arn:aws:iam::{ACCOUNT}:user/r", "r"])
def test_only_a_role_that_exists_can_be_assumed(tmp_path, role):
    assert not trusts(tmp_path, NAMED, role=role)
