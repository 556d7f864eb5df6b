"""Random policies are decided alike by our engine and by a second reading of AWS's rules (`second_reading`)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from course.localaws.iam import policy
from course.localaws.iam.callers import CallerPolicies
from course.localaws.iam.policy import AuthorizationRequest
from tests.localaws.iam.second_reading import Asked, decision

ACCOUNT = "123456789012"
SESSION, ROLE = f"arn:aws:sts::{ACCOUNT}:assumed-role/r/s", f"arn:aws:iam::{ACCOUNT}:role/r"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
ACTIONS = ("s3:GetObject", "s3:PutObject", "s3:ListBucket")
KEYS = ("a/x", "a/b/x", "home/ann/x", "b")

actions = st.lists(st.sampled_from([*ACTIONS, "s3:*", "*", "S3:get*", "s3:?etObject", "kms:*"]), min_size=1, max_size=2)
resources = st.lists(
    st.sampled_from(
        ["*", "arn:aws:s3:::data/*", "arn:aws:s3:::data/a/?", "arn:aws:s3:::data/home/${aws:username}/*", "arn:aws:s3:::other/*"]
    ),
    min_size=1,
    max_size=2,
)
principals = st.sampled_from(
    ["*", *[{"AWS": each} for each in ("*", SESSION, ROLE, ROOT, ACCOUNT, f"{ROLE}x", [f"{ROLE}x", ROLE], [ROOT, ROLE])]]
)
# Operators, a key, and values of which some match what a request has.
SINGLE = [
    (
        ["StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase"],
        "aws:username",
        ["ann", "Ann", "a*", "bob", "${aws:PrincipalTag/name}"],
    ),
    (["NumericLessThan", "NumericEquals", "NumericNotEquals", "NumericGreaterThanEquals"], "s3:max-keys", ["9", "10", "10.0", "11"]),
    (["DateLessThan"], "aws:CurrentTime", ["2026-11-30T00:00:00Z", "1780000000"]),
    (["Bool"], "aws:SecureTransport", ["true", "false", "True"]),
    (["IpAddress", "NotIpAddress"], "aws:SourceIp", ["10.0.0.0/8", "10.1.2.3", "192.168.0.0/16"]),
    (["ArnLike", "ArnNotLike"], "aws:PrincipalArn", [ROLE, f"arn:aws:iam::{ACCOUNT}:role/*", f"{ROLE}x"]),
    (["Null"], "aws:username", ["true", "false"]),
]
MANY = (["StringEquals", "StringNotEquals", "StringLike"], "aws:TagKeys", ["team", "cost*", "owner"])
CONTEXT = {
    "aws:username": st.sampled_from([["ann"], ["bob"]]),
    "aws:PrincipalTag/name": st.sampled_from([["ann"], ["bob"]]),
    "s3:max-keys": st.sampled_from([["9"], ["10"], ["11"]]),
    "aws:CurrentTime": st.sampled_from([["2026-11-29T12:00:00Z"], ["2026-12-01T00:00:00Z"]]),
    "aws:SecureTransport": st.sampled_from([["true"], ["false"]]),
    "aws:SourceIp": st.sampled_from([["10.1.2.3"], ["192.168.7.1"], ["8.8.8.8"]]),
    "aws:PrincipalArn": st.just([ROLE]),
    "aws:TagKeys": st.sampled_from([["team"], ["team", "owner"], ["cost-center", "x"]]),
}


@st.composite
def conditions(draw: st.DrawFn) -> dict:
    found: dict[str, dict] = {}
    for _ in range(draw(st.integers(0, 2))):
        if draw(st.integers(0, 3)):
            operators, key, values = draw(st.sampled_from(SINGLE))
            operator = draw(st.sampled_from(operators))
            operator += "IfExists" if operator != "Null" and draw(st.booleans()) else ""
        else:
            operators, key, values = MANY
            operator = f"{draw(st.sampled_from(['ForAllValues', 'ForAnyValue']))}:{draw(st.sampled_from(operators))}"
        chosen = draw(st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True))
        found.setdefault(operator, {})[draw(st.sampled_from([key, key.lower(), key.upper()]))] = chosen if len(chosen) > 1 else chosen[0]
    return found


@st.composite
def documents(draw: st.DrawFn, of_resource: bool = False) -> dict:
    statements = []
    for _ in range(draw(st.integers(0, 3))):
        statement: dict[str, Any] = {"Effect": draw(st.sampled_from(["Allow", "Allow", "Deny"]))}
        statement[draw(st.sampled_from(["Action", "Action", "NotAction"]))] = draw(actions)
        statement[draw(st.sampled_from(["Resource", "Resource", "NotResource"]))] = draw(resources)
        if of_resource:
            statement[draw(st.sampled_from(["Principal", "Principal", "Principal", "NotPrincipal"]))] = draw(principals)
        if condition := draw(conditions()):
            statement["Condition"] = condition
        statements.append(statement)
    return {"Version": "2012-10-17", "Statement": statements}


@st.composite
def askings(draw: st.DrawFn) -> Asked:
    context = draw(st.fixed_dictionaries({}, optional=CONTEXT))
    return Asked(draw(st.sampled_from(ACTIONS)), f"arn:aws:s3:::data/{draw(st.sampled_from(KEYS))}", context, SESSION, ROLE, ACCOUNT)


CASES = (
    askings(),
    st.lists(documents(), max_size=2),
    st.none() | documents(),
    st.none() | documents(),
    st.none() | documents(of_resource=True),
)


def compare(asked: Asked, identity: list[dict], boundary: dict | None, sessions: dict | None, resource: dict | None) -> None:
    def parsed(document: dict | None) -> tuple | None:
        return None if document is None else (policy.parse("p", document),)

    account = frozenset({ACCOUNT, ROOT})
    request = AuthorizationRequest(
        asked.action, asked.resource, asked.context, {"AWS": account | {SESSION, ROLE}}, frozenset({SESSION}), account
    )
    [given] = parsed(resource) or [None]
    ours = policy.evaluate(request, [policy.parse("p", each) for each in identity], parsed(boundary), given, parsed(sessions))
    assert ours.effect == decision(asked, identity, boundary, sessions, resource)


def allow_everything(asked: Asked, identity: list[dict], boundary: dict | None, sessions: dict | None) -> bool:
    """Whether a call is authorized without a look at its resource and condition keys."""

    def about(documents: list[dict]) -> tuple[policy.Policy, ...]:
        return policy.about([policy.parse("p", each) for each in documents], asked.action)

    limits = (None if each is None else about([each]) for each in (boundary, sessions))
    return CallerPolicies(about(identity), *limits).allow_everything


@given(*CASES)
def test_both_readings_decide_alike(asked, identity, boundary, sessions, resource) -> None:
    compare(asked, identity, boundary, sessions, resource)


@pytest.mark.nightly  # 10,000 examples
@pytest.mark.timeout(1800)
@settings(max_examples=10_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(*CASES)
def test_both_readings_decide_ten_thousand_requests_alike(asked, identity, boundary, sessions, resource) -> None:
    compare(asked, identity, boundary, sessions, resource)


def test_the_cases_reach_every_decision() -> None:
    """Otherwise that both agree would prove little."""
    seen: dict[str, int] = {}

    @settings(max_examples=400, database=None, deadline=None, derandomize=True)
    @given(*CASES)
    def run(asked, identity, boundary, sessions, resource) -> None:
        effect = decision(asked, identity, boundary, sessions, resource)
        seen[effect] = seen.get(effect, 0) + 1

    run()
    assert min(seen.get(effect, 0) for effect in ("allowed", "explicitDeny", "implicitDeny")) > 10, seen


WIDE = {"Effect": "Allow", "Action": ["*"], "Resource": ["*"]}


def one_statement(**changes: Any) -> dict:
    return {"Version": "2012-10-17", "Statement": [{key: value for key, value in (WIDE | changes).items() if value}]}


NEARLY_WIDE = st.sampled_from(
    [
        *[one_statement()] * 3,
        one_statement(Effect="Deny"),
        one_statement(Action=["kms:*"]),
        one_statement(Resource=["arn:aws:s3:::other/*"]),
        one_statement(Resource=None, NotResource=["*"]),
        one_statement(Condition={"Bool": {"aws:SecureTransport": "true"}}),
        one_statement(Effect="Deny", Condition={"Bool": {"aws:SecureTransport": "false"}}),
    ]
)


@settings(max_examples=400, deadline=None)
@given(askings(), st.lists(NEARLY_WIDE, min_size=1, max_size=2), st.none() | NEARLY_WIDE, st.none() | NEARLY_WIDE)
@example(Asked("s3:GetObject", "arn:aws:s3:::data/b", {}, SESSION, ROLE, ACCOUNT), [one_statement()], None, None)
def test_what_an_administrator_may_do_is_known_without_the_resource(asked, identity, boundary, sessions) -> None:
    """The other reading allows whatever `CallerPolicies.allow_everything` promises."""
    promised = allow_everything(asked, identity, boundary, sessions)
    if promised:
        assert decision(asked, identity, boundary, sessions, None) == "allowed"
    if identity == [one_statement()] and boundary is sessions is None:
        assert promised
