"""IAM's evaluation logic: cases from AWS's documentation, and properties of all policies."""

from __future__ import annotations

import dataclasses
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.localaws.iam import policy, policy_patterns
from course.localaws.iam.policy import AuthorizationRequest
from course.localaws.iam.policy_conditions import OPERATORS, PolicyError

ACTIONS = ["s3:GetObject", "s3:PutObject", "sagemaker:CreateTrainingJob", "iam:PassRole"]
RESOURCES = ["arn:aws:s3:::data/a", "arn:aws:s3:::data/b/c", "arn:aws:sagemaker:us-east-1:123456789012:training-job/dev-1", "*"]

actions = st.sampled_from([*ACTIONS, "s3:*", "s3:Get*", "*", "SageMaker:create*"])
resources = st.sampled_from([*RESOURCES, "arn:aws:s3:::data/*", "arn:aws:sagemaker:*:*:training-job/dev-*"])
conditions = st.sampled_from(
    [
        {},
        {"StringEquals": {"aws:RequestedRegion": "us-east-1"}},
        {"StringNotEquals": {"aws:RequestedRegion": "us-east-1"}},
        {"Bool": {"aws:SecureTransport": "true"}},
        {"ForAllValues:StringLike": {"aws:TagKeys": ["team", "cost*"]}},
    ]
)
contexts = st.fixed_dictionaries(
    {},
    optional={
        "aws:RequestedRegion": st.sampled_from([["us-east-1"], ["eu-west-1"]]),
        "aws:SecureTransport": st.sampled_from([["true"], ["false"]]),
        "aws:TagKeys": st.sampled_from([["team"], ["team", "owner"], []]),
    },
)
requests = st.builds(AuthorizationRequest, st.sampled_from(ACTIONS), st.sampled_from(RESOURCES), contexts)


@st.composite
def statements(draw, effect=None):
    statement = {"Effect": effect or draw(st.sampled_from(["Allow", "Deny"]))}
    statement[draw(st.sampled_from(["Action", "Action", "NotAction"]))] = draw(st.lists(actions, min_size=1, max_size=3))
    statement[draw(st.sampled_from(["Resource", "Resource", "NotResource"]))] = draw(st.lists(resources, min_size=1, max_size=3))
    if condition := draw(conditions):
        statement["Condition"] = condition
    return statement


def of(*statements, version="2012-10-17", name="p"):
    return policy.parse(name, {"Version": version, "Statement": list(statements)})


def effect(*statements, action="s3:GetObject", resource="arn:aws:s3:::data/a", context=None, version="2012-10-17", **options):
    request = AuthorizationRequest(action, resource, context or {}, **options)
    return policy.evaluate(request, [of(*statements, version=version)]).effect


def allow(**members):
    return {"Effect": "Allow", "Action": "*", "Resource": "*", **members}


def deny(**members):
    return {**allow(**members), "Effect": "Deny"}


# Properties


@given(requests, st.lists(statements(), max_size=4), statements("Allow"))
def test_another_allow_never_takes_an_allow_away(request, before, added):
    if policy.evaluate(request, [of(*before)]).allowed:
        assert policy.evaluate(request, [of(*before, added)]).allowed


@given(requests, st.lists(statements(), max_size=4), statements("Deny"))
def test_another_deny_never_allows(request, before, added):
    if not policy.evaluate(request, [of(*before)]).allowed:
        assert not policy.evaluate(request, [of(*before, added)]).allowed


@given(requests, st.lists(statements(), max_size=4))
def test_a_deny_that_applies_beats_every_allow(request, others):
    decision = policy.evaluate(request, [of(*others, allow(), deny())])
    assert decision.effect == "explicitDeny"
    assert not any(statement.allows for statement in decision.matched)


@given(requests, st.lists(statements(), max_size=3), st.lists(statements(), max_size=3))
def test_a_boundary_only_takes_away(request, identity, boundary):
    without = policy.evaluate(request, [of(*identity)])
    within = policy.evaluate(request, [of(*identity)], [of(*boundary)])
    assert within.allowed == (without.allowed and policy.evaluate(request, [of(*boundary)]).allowed)
    assert within.within_boundary == policy.evaluate(request, [of(*boundary)]).allowed


SESSION, ROLE, ACCOUNT = "arn:aws:sts::123456789012:assumed-role/r/s", "arn:aws:iam::123456789012:role/r", "123456789012"
NAMES = {"principals": {"AWS": frozenset({SESSION, ROLE, ACCOUNT})}, "direct": frozenset({SESSION}), "account": frozenset({ACCOUNT})}


@given(requests, *[st.lists(statements(), max_size=3) for _ in range(4)], st.sampled_from([SESSION, ROLE, ACCOUNT, "*", f"{ROLE}x"]))
def test_whom_a_resource_policy_names_decides_what_limits_it(request, identity, boundary, sessions, resource, named):
    """Against a plain reading of "Determining whether a request is allowed or denied within an account"."""
    granting = of(*({**statement, "Principal": {"AWS": named}} for statement in resource))
    asked = dataclasses.replace(request, **NAMES)
    found = policy.evaluate(asked, [of(*identity)], [of(*boundary)], granting, [of(*sessions)])

    def says(each):
        return policy.evaluate(request, [of(*each)]).effect

    given = says(resource) if named != f"{ROLE}x" else "implicitDeny"
    every = [says(identity), says(boundary), says(sessions), given]
    if "explicitDeny" in every:
        assert found.effect == "explicitDeny"
    elif given == "allowed" and named in (SESSION, "*"):
        assert found.effect == "allowed"
    else:
        granted = says(identity) == "allowed" or (given == "allowed" and named == ROLE)
        assert found.allowed == (granted and says(boundary) == "allowed" and says(sessions) == "allowed")
    assert (found.within_boundary, found.within_session) == (says(boundary) == "allowed", says(sessions) == "allowed")


@given(requests, st.lists(statements(), max_size=4))
def test_the_order_and_grouping_of_statements_is_indifferent(request, each):
    one = policy.evaluate(request, [of(*each)])
    many = policy.evaluate(request, [of(statement) for statement in reversed(each)])
    assert one.effect == many.effect


@given(requests, st.lists(statements(), max_size=3))
def test_nothing_is_allowed_by_nothing(request, denies):
    only_denies = [{**statement, "Effect": "Deny"} for statement in denies]
    assert not policy.evaluate(request, [of(*only_denies)]).allowed


def matches_by_definition(pattern: str, value: str) -> bool:
    """Matches `*` and `?` directly by their definition: slow, but without regular expressions."""
    if not pattern:
        return not value
    if pattern[0] == "*":
        return matches_by_definition(pattern[1:], value) or bool(value) and matches_by_definition(pattern, value[1:])
    return bool(value) and pattern[0] in ("?", value[0]) and matches_by_definition(pattern[1:], value[1:])


@given(st.text("ab*?.[", max_size=7), st.text("ab*.[\n", max_size=7))
def test_wildcards_match_as_defined(pattern, value):
    assert policy_patterns.matches(policy_patterns.plain(pattern), value) == matches_by_definition(pattern, value)


@given(st.text("ab*?:/", max_size=9), st.text("ab:/", max_size=9))
def test_in_arns_a_wildcard_leaves_its_segment_only_from_its_end(pattern, value):
    def by_definition(pattern: str, value: str, segment: int = 0) -> bool:
        if not pattern:
            return not value
        head, rest = pattern[0], pattern[1:]
        last = segment >= 5
        if head == "*":
            crosses = last or not rest or rest[0] == ":"
            eats = bool(value) and (crosses or value[0] != ":")
            return by_definition(rest, value, segment) or eats and by_definition(pattern, value[1:], segment)
        if head == "?":
            return bool(value) and (last or value[0] != ":") and by_definition(rest, value[1:], segment)
        return bool(value) and head == value[0] and by_definition(rest, value[1:], segment + (head == ":"))

    assert policy_patterns.resource_matches(policy_patterns.plain(pattern), value) == by_definition(pattern, value)


@given(st.text(max_size=20).filter(lambda name: name.lower() not in {known.lower() for known in OPERATORS}))
def test_an_unknown_operator_is_an_error_also_where_it_would_not_decide(name):
    if re.sub("IfExists$", "", name.rpartition(":")[2]).lower() in {known.lower() for known in OPERATORS}:
        return  # a valid operator with a quantifier or IfExists
    with pytest.raises(PolicyError, match="unknown condition operator"):
        of(deny(Action="nothing:Here", Condition={name: {"aws:username": "x"}}))


@given(st.text("*?${}ab", max_size=6))
def test_a_wildcard_in_the_value_of_a_variable_is_literal(value):
    template = of(allow(Resource="arn:aws:s3:::data/${aws:username}"))
    for resource in ("arn:aws:s3:::data/zz", f"arn:aws:s3:::data/{value}"):
        allowed = policy.evaluate(AuthorizationRequest("s3:GetObject", resource, {"aws:username": [value]}), [template]).allowed
        assert allowed == (resource == f"arn:aws:s3:::data/{value}")


# Cases


@pytest.mark.parametrize(
    ("pattern", "resource", "expected"),
    [
        ("*", "arn:aws:s3:::data/a", True),
        ("arn:aws:s3:::data/*", "arn:aws:s3:::data/a/b/c", True),
        ("arn:aws:s3:::data/?", "arn:aws:s3:::data/ab", False),
        ("arn:aws:s3:::Data/*", "arn:aws:s3:::data/a", False),  # resources are case-sensitive
        ("arn:aws:sagemaker:*:*:training-job/dev-*", "arn:aws:sagemaker:us-east-1:123456789012:training-job/dev-1", True),
        ("arn:aws:sagemaker:*:*:training-job/dev-*", "arn:aws:sagemaker:us-east-1:123456789012:training-job/prod-1", False),
        ("arn:aws:sagemaker:*", "arn:aws:sagemaker:us-east-1:123456789012:model/m", True),
        ("arn:aws:sagemaker:us-*-1:123456789012:model/m", "arn:aws:sagemaker:us-east:9:x-1:123456789012:model/m", False),
        ("arn:aws:logs:us-east-1:123456789012:log-group:/aws/*", "arn:aws:logs:us-east-1:123456789012:log-group:/aws/x:*", True),
        ("arn:aws:sagemaker:*:*:training-job/dev-*", "*", False),  # a request for all resources does not match a single one
    ],
)
def test_resources(pattern, resource, expected):
    assert (effect(allow(Resource=pattern), resource=resource) == "allowed") is expected


def test_actions_are_compared_without_regard_to_case():
    assert effect(allow(Action="S3:GETobject")) == "allowed"
    assert effect(allow(Action="s3:Put*")) == "implicitDeny"
    anything_but = {"Effect": "Allow", "NotAction": "s3:put*", "Resource": "*"}
    assert effect(anything_but) == "allowed"
    assert effect(anything_but, action="s3:PutObject") == "implicitDeny"


@pytest.mark.parametrize(
    ("condition", "context", "expected"),
    [
        ({"StringEquals": {"k": ["a", "b"]}}, {"k": ["b"]}, True),
        ({"StringEquals": {"K": "a"}}, {"k": ["a"]}, True),  # keys are case-insensitive
        ({"StringEquals": {"k": "A"}}, {"k": ["a"]}, False),
        ({"StringEqualsIgnoreCase": {"k": "A"}}, {"k": ["a"]}, True),
        ({"StringEquals": {"k": "a*"}}, {"k": ["ab"]}, False),
        ({"StringLike": {"k": "a*"}}, {"k": ["ab"]}, True),
        ({"StringNotEquals": {"k": ["a", "b"]}}, {"k": ["c"]}, True),
        ({"StringNotEquals": {"k": ["a", "b"]}}, {"k": ["b"]}, False),
        ({"StringNotLike": {"k": "a*"}}, {"k": ["ab"]}, False),
        ({"StringEquals": {"k": "a"}}, {}, False),
        ({"StringNotEquals": {"k": "a"}}, {}, True),  # on AWS a missing key is not equal
        ({"StringEqualsIfExists": {"k": "a"}}, {}, True),
        ({"StringEqualsIfExists": {"k": "a"}}, {"k": ["b"]}, False),
        ({"StringEquals": {"k": "a", "l": "b"}}, {"k": ["a"]}, False),  # all keys must hold
        ({"NumericLessThanEquals": {"k": "10"}}, {"k": ["10"]}, True),
        ({"NumericLessThan": {"k": 10}}, {"k": ["9.5"]}, True),
        ({"NumericNotEquals": {"k": "1"}}, {"k": ["1.0"]}, False),
        ({"NumericGreaterThanIfExists": {"k": "1"}}, {}, True),
        ({"DateLessThan": {"k": "2026-11-24T00:00:00Z"}}, {"k": ["2026-11-23T23:59:59Z"]}, True),
        ({"DateGreaterThan": {"k": "2026-11-24"}}, {"k": ["1795478400"]}, False),  # the same moment, as Unix time
        ({"Bool": {"k": "true"}}, {"k": ["True"]}, True),
        ({"Bool": {"k": True}}, {"k": ["false"]}, False),
        ({"BinaryEquals": {"k": "AAE="}}, {"k": ["AAE="]}, True),
        ({"IpAddress": {"k": "203.0.113.0/24"}}, {"k": ["203.0.113.9"]}, True),
        ({"NotIpAddress": {"k": ["203.0.113.0/24", "2001:db8::/32"]}}, {"k": ["2001:db8::1"]}, False),
        ({"IpAddress": {"k": "203.0.113.0/24"}}, {"k": ["2001:db8::1"]}, False),
        ({"ArnLike": {"k": "arn:aws:iam::*:role/dev-*"}}, {"k": ["arn:aws:iam::123456789012:role/dev-1"]}, True),
        ({"ArnLike": {"k": "arn:aws:iam::*"}}, {"k": ["arn:aws:iam::123456789012:role/dev-1"]}, False),  # six parts, matched one by one
        ({"ArnNotEquals": {"k": "arn:aws:iam::*:role/dev-*"}}, {"k": ["arn:aws:iam::123456789012:role/dev-1"]}, False),
        ({"Null": {"k": "true"}}, {}, True),
        ({"Null": {"k": "false"}}, {"k": ["x"]}, True),
        ({"Null": {"k": "true"}}, {"k": ["x"]}, False),
        ({"ForAllValues:StringEquals": {"k": ["a", "b"]}}, {"k": ["a", "b"]}, True),
        ({"ForAllValues:StringEquals": {"k": ["a", "b"]}}, {"k": ["a", "c"]}, False),
        ({"ForAllValues:StringEquals": {"k": ["a"]}}, {}, True),
        ({"ForAnyValue:StringEquals": {"k": ["a", "b"]}}, {"k": ["c", "b"]}, True),
        ({"ForAnyValue:StringEquals": {"k": ["a"]}}, {}, False),
        ({"ForAllValues:StringEquals": {"k": ["a"]}}, {"k": [""]}, True),  # an empty string is an empty set
        ({"ForAnyValue:StringEquals": {"k": ["a", ""]}}, {"k": [""]}, False),
        ({"ForAnyValue:StringNotEquals": {"k": ["a"]}}, {"k": ["a", "b"]}, True),
        ({"ForAllValues:StringNotEquals": {"k": ["a"]}}, {"k": ["a", "b"]}, False),
        ({"StringLike": {"k": "${aws:username}/*"}}, {"k": ["ann/x"], "aws:username": ["ann"]}, True),
        ({"StringLike": {"k": "${aws:username}/*"}}, {"k": ["ann/x"]}, False),
        ({"StringEquals": {"k": "${aws:PrincipalTag/team, 'none'}"}}, {"k": ["none"]}, True),
        ({"StringLike": {"k": "a${*}"}}, {"k": ["ab"]}, False),
    ],
)
def test_conditions(condition, context, expected):
    assert (effect(allow(Condition=condition), context=context) == "allowed") is expected


@pytest.mark.parametrize(
    ("condition", "context"),
    [
        ({"StringEquals": {"k": "a"}}, {"k": ["a", "b"]}),  # several values need a quantifier
        ({"NumericEquals": {"k": "one"}}, {"k": ["1"]}),
        ({"NumericEquals": {"k": "1"}}, {"k": ["one"]}),
        ({"NumericEquals": {"k": ["1", "one"]}}, {"k": ["1"]}),  # an earlier match does not hide the error
        ({"DateEquals": {"k": "tomorrow"}}, {"k": ["2026-01-01"]}),
        ({"Bool": {"k": "yes"}}, {"k": ["true"]}),
        ({"IpAddress": {"k": "300.0.0.1"}}, {"k": ["10.0.0.1"]}),
        ({"BinaryEquals": {"k": "?"}}, {"k": ["AAE="]}),
    ],
)
def test_a_condition_that_cannot_be_evaluated_is_an_error_that_says_where(condition, context):
    with pytest.raises(PolicyError, match="policy p, statement Here"):
        effect(allow(Sid="Here", Condition=condition), context=context)


def test_a_condition_key_with_unknown_presence_is_an_error():
    negated = allow(Condition={"StringNotEquals": {"aws:SourceVpc": "vpc-1"}})
    assert effect(negated) == "allowed"
    assert effect(negated, absent=lambda key: key == "aws:sourcevpc") == "allowed"
    with pytest.raises(PolicyError, match="aws:SourceVpc cannot be evaluated"):
        effect(negated, absent=lambda key: False)


def test_missing_keys_are_listed_only_for_statements_that_match_the_request():
    decision = policy.evaluate(
        AuthorizationRequest("iam:PassRole", "arn:aws:iam::123456789012:role/r"),
        [
            of(
                allow(Condition={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}),
                allow(Action="s3:*", Condition={"StringEquals": {"s3:prefix": "x"}}),
                allow(Resource="arn:aws:iam::123456789012:role/${aws:username}"),
            )
        ],
    )
    assert (decision.effect, decision.missing) == ("implicitDeny", ("iam:PassedToService", "aws:username"))


def test_variables_are_plain_text_before_2012():
    assert effect(allow(Resource="arn:aws:s3:::data/${a}"), resource="arn:aws:s3:::data/${a}", version="2008-10-17") == "allowed"


def test_principals_of_a_resource_policy():
    session = {"AWS": frozenset({"arn:aws:sts::123456789012:assumed-role/r/s", "arn:aws:iam::123456789012:role/r", "123456789012"})}

    def trusts(principal):
        statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
        return policy.evaluate(AuthorizationRequest("sts:AssumeRole", principals=session), [of(statement)]).allowed

    assert trusts("*")
    assert trusts({"AWS": "*"})
    assert trusts({"AWS": "123456789012"})
    assert trusts({"AWS": ["arn:aws:iam::123456789012:role/x", "arn:aws:iam::123456789012:role/r"]})
    assert not trusts({"AWS": "arn:aws:iam::123456789012:role/*"})  # a principal cannot contain a wildcard
    assert not trusts({"Service": "sagemaker.amazonaws.com"})
    service = AuthorizationRequest("sts:AssumeRole", principals={"Service": frozenset({"sagemaker.amazonaws.com"})})
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": ["glue.amazonaws.com", "sagemaker.amazonaws.com"]}}
    assert policy.evaluate(service, [of(statement)]).allowed


@pytest.mark.parametrize(
    ("excepted", "boundary", "expected"),
    [
        ([SESSION], None, "allowed"),
        ([SESSION, ROLE, ACCOUNT], None, "allowed"),
        ([ROLE, ACCOUNT], None, "explicitDeny"),  # the role's other sessions and the account's other users are not excepted
        (["*"], None, "allowed"),
        ([SESSION, ROLE, ACCOUNT], [], "explicitDeny"),  # a boundary, here of nothing: the statement excepts nobody who has one
    ],
)
def test_a_deny_of_all_but_some_excepts_the_caller_itself(excepted, boundary, expected):
    given = {**allow(), "Principal": {"AWS": SESSION}}
    deny_others = {"Effect": "Deny", "Action": "*", "Resource": "*", "NotPrincipal": {"AWS": excepted}}
    found = policy.evaluate(AuthorizationRequest("s3:GetObject", **NAMES), [], boundary, of(given, deny_others))
    assert found.effect == expected


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ("{", "not JSON"),
        ("[]", "must be a map"),
        ('{"Version": "2012-10-17"}', "Statement"),
        ('{"Version": "2020-01-01", "Statement": []}', "Version"),
        ('{"version": "2012-10-17", "Statement": []}', "unknown element version"),
        ({"Statement": [allow(Effect="allow")]}, "Effect"),
        ({"Statement": [allow(Actions="s3:*")]}, "unknown element Actions"),
        ({"Statement": [allow(NotAction="s3:*")]}, "both Action and NotAction"),
        ({"Statement": [{"Effect": "Allow", "Action": "*"}]}, "neither Resource nor NotResource"),
        ({"Statement": [allow(Action=[])]}, "Action must be"),
        ({"Statement": [allow(Principal={"User": "x"})]}, "Principal must be"),
        ({"Statement": [allow(Condition={"StringEqual": {"k": "v"}})]}, "unknown condition operator 'StringEqual'"),
        ({"Statement": [allow(Condition={"ForSomeValues:StringEquals": {"k": "v"}})]}, "unknown condition operator"),
        ({"Statement": [allow(Condition={"NullIfExists": {"k": "true"}})]}, "unknown condition operator"),
        ({"Statement": [allow(Condition={"StringEquals": "v"})]}, "map of condition keys"),
        ({"Statement": [allow(Condition={"StringEquals": {"k": {"v": 1}}})]}, "values must be"),
    ],
)
def test_a_malformed_document_is_an_error_that_says_what_is_wrong(document, problem):
    with pytest.raises(PolicyError, match=problem):
        policy.parse("p", document if isinstance(document, (str, dict)) else json.dumps(document))


@pytest.mark.parametrize(
    ("text", "spans"),
    [  # the first two are from responses that AWS published
        (
            '{\n  "Version": "2012-10-17",\n  "Statement": [\n    {\n      "Effect": "Allow",\n      "Action": "*",\n'
            '      "Resource": "*"\n    }\n  ]\n}',
            [((3, 17), (8, 6))],
        ),
        (
            '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*","Condition":{"DateGreaterThan":'
            '{"aws:CurrentTime":"2015-08-16T12:00:00Z"}}}}',
            [((1, 38), (1, 167))],
        ),
        ('{"Statement":[{"Sid":"Statement"},{}],"Version":"2012-10-17"}', [((1, 15), (1, 34)), ((1, 35), (1, 37))]),
        ('{"Statement":[]}', []),
    ],
)
def test_statements_have_their_positions(text, spans):
    assert policy.statement_spans(text) == spans
