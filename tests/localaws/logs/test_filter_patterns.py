"""Filter patterns: the User Guide's examples, and refusals."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.localaws.core.errors import AwsError
from course.localaws.logs.patterns import matcher

LINES = ["[ERROR 400] BAD REQUEST", "[ERROR 401] UNAUTHORIZED REQUEST", "[WARN 1] slow", "[INFO 2] fine", "ERROR: file-not-found"]
EVENT = {
    "eventType": "UpdateTrail",
    "sourceIPAddress": "111.111.111.111",
    "arrayKey": ["value", "another value"],
    "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}],
    "SomeObject": None,
    "ThisFlag": True,
    "bandwidth": 12.5,
    "user": {"id": 1, "email": "John.Stiles@example.com"},
}


@pytest.mark.parametrize(
    ("pattern", "matching"),
    [
        ("", [0, 1, 2, 3, 4]),
        ("ERROR", [0, 1, 4]),
        ("error", []),
        ("ERROR REQUEST", [0, 1]),
        ("?ERROR ?WARN", [0, 1, 2, 4]),
        ("ERROR -REQUEST", [4]),
        ("-ERROR", [2, 3]),
        ('"BAD REQUEST"', [0]),
        ('"file-not-found"', [4]),
        ('ERROR -"401] UNAUTHORIZED"', [0, 4]),
    ],
)
def test_terms(pattern, matching):
    matches = matcher(pattern)
    assert [n for n, line in enumerate(LINES) if matches(line)] == matching


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ('{ $.eventType = "UpdateTrail" }', True),
        ("{ $.eventType = UpdateTrail }", True),
        ('{ $.eventType != "UpdateTrail" }', False),
        ('{ $.missing != "UpdateTrail" }', False),
        ("{ $.sourceIPAddress = 111.111.* }", True),
        ('{ $.sourceIPAddress != "123.123.*" }', True),
        ('{ $.arrayKey[0] = "value" }', True),
        ("{ $.arrayKey[7] = value }", False),
        ("{ $.objectList[1].id = 2 }", True),
        ("{ $.SomeObject IS NULL }", True),
        ("{ $.ThisFlag IS TRUE }", True),
        ("{ $.ThisFlag IS FALSE }", False),
        ("{ $.SomeOtherObject NOT EXISTS }", True),
        ("{ $.SomeObject NOT EXISTS }", False),
        ("{ $.bandwidth > 12 }", True),
        ("{ $.bandwidth = 1.25e1 }", True),
        ("{ $.bandwidth <= 12 }", False),
        ("{ $.eventType > 3 }", False),
        ('{ ($.user.id = 1) && ($.user.email = "John*") }', True),
        ('{ $.user.id = 2 && $.user.email = "x" || $.eventType = "Update*" }', True),
        ('{ $.user.id = 2 && ($.user.email = "x" || $.eventType = "Update*") }', False),
        ("{ $['user']['id'] = 1 }", True),
    ],
)
def test_json_conditions(pattern, expected):
    assert matcher(pattern)(json.dumps(EVENT)) is expected
    assert matcher(pattern)("not json") is False


@pytest.mark.parametrize(
    ("pattern", "code"),
    [
        ("file-not-found", "InvalidParameterException"),
        ('"open', "InvalidParameterException"),
        ("{ $.a }", "InvalidParameterException"),
        ("{ $.a = 1", "InvalidParameterException"),
        ("{ $.a > text }", "InvalidParameterException"),
        ("{ a = 1 }", "InvalidParameterException"),
        ("{ $.a = 1 } extra", "InvalidParameterException"),
        ("%ERR.*%", "NotSupportedByLocalAws"),
        ("[ip, user, ...]", "NotSupportedByLocalAws"),
        ("?ERROR WARN", "NotSupportedByLocalAws"),
        ("{ $.a[*] = 1 }", "NotSupportedByLocalAws"),
    ],
)
def test_malformed_and_unsupported_patterns_are_refused(pattern, code):
    with pytest.raises(AwsError) as error:
        matcher(pattern)
    assert error.value.code == code


@given(pattern=st.text(st.sampled_from(list('{}[]()$."=<>!&|?-% aA1*\\')), max_size=20), message=st.text(max_size=20))
def test_any_text_is_a_pattern_or_is_refused_as_aws_refuses(pattern, message):
    with contextlib.suppress(AwsError):
        assert matcher(pattern)(message) in (True, False)


def test_through_the_service(logs, group, refused):
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    moment = logs.describe_log_streams(logGroupName=group)["logStreams"][0]["creationTime"]
    events = [{"timestamp": moment + n, "message": line} for n, line in enumerate([*LINES, json.dumps(EVENT)])]
    logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=events)
    found = logs.filter_log_events(logGroupName=group, filterPattern="{ $.bandwidth > 1 }")["events"]
    assert [json.loads(event["message"])["bandwidth"] for event in found] == [12.5]
    with refused("InvalidParameterException"):
        logs.filter_log_events(logGroupName=group, filterPattern="file-not-found")
