"""Event patterns: AWS's operators and its reasons for refusals, and a comparison with a second, simpler matcher."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.localaws.events.matchers import PatternError
from course.localaws.events.patterns import EventPattern
from tests.limited_time import within

EVENT = {
    "source": "aws.ec2",
    "time": "2026-11-28T10:00:00Z",
    "resources": ["arn:aws:ec2:us-east-1:123456789012:instance/i-1", "arn:aws:ec2:us-east-1:123456789012:instance/i-2"],
    "empty": [],
    "detail": {
        "state": "running",
        "count": 5,
        "limit": 301.8,
        "flag": True,
        "nothing": None,
        "path": "dir1/lib/file.PNG",
        "ip": "10.0.0.33",
        "ip6": "2001:db8::1",
        "stars": "a*b\\c",
        "people": [{"name": "Ann", "age": 30}, {"name": "Bob", "age": 40}],
    },
}
# From "Comparison operators", "Event pattern arrays" and "Null values" of the User Guide, event-ruler's README and LocalStack's
# recordings of TestEventPattern on AWS.
MATCHING = [
    {"source": ["aws.ec2", "aws.s3"]},
    {"source": ["aws.ec2"], "detail": {"state": ["running"]}},
    {"detail.state": ["running"]},
    {"resources": ["arn:aws:ec2:us-east-1:123456789012:instance/i-2"]},
    {"detail": {"count": [5.0]}},
    {"detail": {"flag": [True]}},
    {"detail": {"nothing": [None]}},
    {"time": [{"prefix": "2026-11-28"}]},
    {"detail": {"path": [{"suffix": ".PNG"}]}},
    {"detail": {"path": [{"suffix": {"equals-ignore-case": ".png"}}]}},
    {"source": [{"prefix": {"equals-ignore-case": "AWS."}}]},
    {"source": [{"equals-ignore-case": "AWS.EC2"}]},
    {"detail": {"state": [{"anything-but": "stopped"}]}},
    {"detail": {"state": [{"anything-but": ["stopped", "pending"]}]}},
    {"detail": {"count": [{"anything-but": [1, 2]}]}},
    {"detail": {"nothing": [{"anything-but": "x"}]}},
    {"detail": {"count": [{"anything-but": {"prefix": ["a", "b"]}}]}},
    {"detail": {"state": [{"anything-but": {"prefix": "init"}}]}},
    {"detail": {"path": [{"anything-but": {"suffix": ".txt"}}]}},
    {"detail": {"state": [{"anything-but": {"equals-ignore-case": ["STOPPED"]}}]}},
    {"detail": {"path": [{"anything-but": {"wildcard": "*/bin/*"}}]}},
    {"detail": {"count": [{"numeric": [">", 0, "<=", 5]}], "limit": [{"numeric": ["=", 3.018e2]}]}},
    {"detail": {"state": [{"exists": True}], "absent": [{"exists": False}]}},
    {"empty": [{"exists": False}]},
    {"detail": {"people": [{"exists": False}]}},
    {"detail": {"absent": [{"anything-but": "x"}, {"exists": False}]}},
    {"detail": {"path": [{"wildcard": "dir*/lib/*.PNG"}]}},
    {"detail": {"stars": [{"wildcard": "a\\*b\\\\*"}]}},
    {"detail": {"ip": [{"cidr": "10.0.0.0/24"}], "ip6": [{"cidr": "2001:db8::/32"}]}},
    {"detail": {"$or": [{"count": [{"numeric": [">", 100]}]}, {"state": ["running"]}]}},
    {"source": ["aws.ec2"], "$or": [{"x": [1]}, {"detail": {"$or": [{"y": [1]}, {"flag": [True]}]}}]},
    {"detail": {"people": {"name": ["Bob"], "age": [40]}}},
]
NOT_MATCHING = [
    {"source": ["AWS.EC2"]},
    {"Source": ["aws.ec2"]},
    {"detail": {"count": ["5"]}},
    {"detail": {"flag": ["true"]}},
    {"detail": {"count": [True]}},
    {"detail": {"absent": [None]}},
    {"empty": [None]},
    {"empty": [{"exists": True}]},
    {"detail": [{"exists": True}]},
    {"detail": {"absent": [{"anything-but": "x"}]}},
    {"detail": {"state": [{"anything-but": ["stopped", "running"]}]}},
    {"detail": {"count": [{"anything-but": 5}]}},
    {"detail": {"path": [{"anything-but": {"wildcard": "*/lib/*"}}]}},
    {"detail": {"state": [{"numeric": [">", 0]}]}},
    {"detail": {"count": [{"numeric": [">", 5]}]}},
    {"detail": {"count": [{"prefix": "5"}]}},
    {"detail": {"ip": [{"cidr": "10.0.1.0/24"}]}},
    {"detail": {"state": [{"cidr": "10.0.0.0/24"}]}},
    {"detail": {"path": [{"wildcard": "*.png"}]}},
    {"detail": {"people": {"name": ["Ann"], "age": [40]}}},
    {"detail": {"people": {"name": ["Ann"]}, "$or": [{"people": {"age": [40]}}, {"state": ["stopped"]}]}},
]
REFUSED = [
    ('["a"]', "Filter is not an object"),
    ('{"source": "aws.ec2"}', '"source" must be an object or an array'),
    ('{"source": []}', "Empty arrays are not allowed"),
    ('{"detail": {}}', "Empty objects are not allowed"),
    ('{"a": [{"EXISTS": true}]}', "Unrecognized match type EXISTS"),
    ('{"a": [{"prefix": 1}]}', "prefix match pattern must be a string"),
    ('{"a": [{"suffix": ["x"]}]}', "suffix match pattern must be a string"),
    ('{"a": [{"numeric": [">", 0, ">", 0]}]}', "Bad numeric range operator: >"),
    ('{"a": [{"numeric": [">", 0, "<"]}]}', "Value of < must be numeric"),
    ('{"a": [{"numeric": [">", 6000000000]}]}', "Value must be between -5.0E9 and 5.0E9, inclusive"),
    ('{"a": [{"anything-but": {"prefix": 1}}]}', "prefix/suffix match pattern must be a string"),
    ('{"a": [{"anything-but": ["x", 1]}]}', "Inside anything but list, either all values are number or string"),
    ('{"a": [{"anything-but": {"equals-ignore-case": 1}}]}', "Inside anything-but/equals-ignore-case list, number"),
    ('{"a": [{"equals-ignore-case": ["x"]}]}', "equals-ignore-case match pattern must be a string"),
    ('{"a": [{"wildcard": "x**"}]}', "Consecutive wildcard characters at pos 2"),
    ('{"a": [{"cidr": "10.0.0.0"}]}', "Malformed CIDR, one '/' required"),
    ('{"a": [{"cidr": "10.0.0.0/x"}]}', "Malformed CIDR, mask bits must be an integer"),
    ('{"a": [{"cidr": "xx.11.xx/8"}]}', "Nonstandard IP address: xx.11.xx"),
    ('{"a": [{"exists": "yes"}]}', "exists match pattern must be either true or false."),
    ('{"a": [{"prefix": "x", "suffix": "y"}]}', "Only one key allowed in match expression"),
    ('{"$or": [{"a": [1]}]}', "There must have at least 2 Objects in $or relationship."),
]


@pytest.mark.parametrize("pattern", MATCHING, ids=json.dumps)
def test_a_pattern_that_matches(pattern: dict) -> None:
    assert EventPattern(json.dumps(pattern)).matches(EVENT)


@pytest.mark.parametrize("pattern", NOT_MATCHING, ids=json.dumps)
def test_a_pattern_that_does_not_match(pattern: dict) -> None:
    assert not EventPattern(json.dumps(pattern)).matches(EVENT)


@pytest.mark.parametrize(("text", "reason"), REFUSED)
def test_the_reason_of_a_refusal_is_awss(text: str, reason: str) -> None:
    with pytest.raises(PatternError, match=re.escape(reason)):
        EventPattern(text)


def test_a_pattern_with_too_many_combinations_is_refused() -> None:
    branches = [{"a": [1]}, {"b": [1]}, {"c": [1]}, {"d": [1]}]
    pattern = {f"level{level}": {"$or": branches} for level in range(5)}
    with pytest.raises(PatternError, match="1000 combinations"):
        EventPattern(json.dumps(pattern))


# ---- against a second matcher -----------------------------------------------------------------------------------------------

TEXTS = st.text("abAB*", max_size=4)
NUMBERS = st.integers(-3, 3) | st.sampled_from([0.5, 2.0])
VALUES = TEXTS | NUMBERS | st.booleans() | st.none()
NAMES = st.sampled_from(["p", "q", "r"])
EVENTS = st.recursive(VALUES, lambda inner: st.dictionaries(NAMES, inner, max_size=3) | st.lists(VALUES, max_size=3), max_leaves=8)
FILTERS = st.one_of(
    VALUES,
    st.builds(lambda text: {"prefix": text}, TEXTS),
    st.builds(lambda text: {"suffix": text}, TEXTS),
    st.builds(lambda text: {"equals-ignore-case": text}, TEXTS),
    st.builds(lambda text: {"wildcard": re.sub(r"\*+", "*", text)}, TEXTS),
    st.builds(lambda texts: {"anything-but": texts}, st.lists(TEXTS, min_size=1, max_size=2)),
    st.builds(lambda numbers: {"anything-but": numbers}, st.lists(NUMBERS, min_size=1, max_size=2)),
    st.builds(lambda text: {"anything-but": {"prefix": text}}, TEXTS.filter(bool)),
    st.builds(lambda wanted: {"exists": wanted}, st.booleans()),
    st.builds(lambda sign, limit: {"numeric": [sign, limit]}, st.sampled_from(["=", "<", "<=", ">", ">="]), NUMBERS),
)


def _nested(inner: st.SearchStrategy) -> st.SearchStrategy:
    alternatives = st.lists(st.dictionaries(NAMES, inner, min_size=1, max_size=2), min_size=2, max_size=2)
    return st.dictionaries(NAMES, inner, min_size=1, max_size=3) | st.builds(lambda found: {"$or": found}, alternatives)


PATTERNS = st.dictionaries(NAMES, st.recursive(st.lists(FILTERS, min_size=1, max_size=3), _nested, max_leaves=6), min_size=1, max_size=3)


def simple_match(pattern: dict, event: object) -> bool:
    """The textbook reading of a pattern, for events whose arrays have no objects."""
    fields = event if isinstance(event, dict) else {}
    results = []
    for name, wanted in pattern.items():
        if name == "$or":
            results.append(any(simple_match(each, event) for each in wanted))
        elif isinstance(wanted, dict):
            results.append(simple_match(wanted, fields.get(name)))
        else:
            value = fields.get(name, [])
            values = value if isinstance(value, list) else [] if isinstance(value, dict) else [value]
            results.append(any(simple_filter(each, values) for each in wanted))
    return all(results)


def simple_filter(wanted: object, values: list) -> bool:
    if isinstance(wanted, dict) and "exists" in wanted:
        return bool(values) == wanted["exists"]
    return any(simple_value(wanted, value) for value in values)


def simple_value(wanted: object, value: object) -> bool:
    if not isinstance(wanted, dict):
        return json.dumps(value) == json.dumps(wanted) or (_number(value) and _number(wanted) and float(value) == float(wanted))
    [(name, argument)] = wanted.items()
    if name == "anything-but":
        refused = argument if isinstance(argument, list) else [argument]
        return not any(simple_value(each, value) for each in refused)
    if name == "numeric":
        comparison = argument[0] if argument[0] != "=" else "=="
        return _number(value) and eval(f"{value} {comparison} {argument[1]}")
    if not isinstance(value, str):
        return False
    tests = {
        "prefix": lambda: value[: len(argument)] == argument,
        "suffix": lambda: value[len(value) - len(argument) :] == argument if len(argument) <= len(value) else False,
        "equals-ignore-case": lambda: value.lower() == argument.lower(),
        "wildcard": lambda: re.fullmatch(".*".join(map(re.escape, argument.split("*"))), value, re.DOTALL) is not None,
    }
    return tests[name]()


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


@given(PATTERNS, st.dictionaries(NAMES, EVENTS, max_size=3))
def test_it_agrees_with_a_simple_matcher(pattern: dict, event: dict) -> None:
    assert EventPattern(json.dumps(pattern)).matches(event) == simple_match(pattern, event)


@given(st.recursive(VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.just("$or"), inner, max_size=3)))
def test_any_other_text_is_refused_with_a_reason(document: object) -> None:
    try:
        EventPattern(json.dumps(document)).matches(EVENT)
    except PatternError as error:
        assert str(error)


ARRAYS = {
    "a": [{"x": 1, "y": 2, "b": [{"z": 1, "w": 2}, {"z": 3, "w": 4}]}, {"x": 3, "y": 4, "b": [{"z": 1, "w": 4}]}],
    "c": [{"x": 1, "y": 2}, {"x": 3, "y": 4}],
}


def agrees_naively(wanted: dict[str, int], event: dict) -> bool:
    """Whether a choice of one element of each array, tried one after the other, has all wanted values."""

    def choices(value: object) -> list[dict[str, list]]:
        if isinstance(value, list):
            return [choice for element in value for choice in choices(element)]
        if not isinstance(value, dict):
            return [{"": [value]}]
        found: list[dict[str, list]] = [{}]
        for name, inner in value.items():
            below = [{f"{name}.{path}".rstrip("."): leaf for path, leaf in choice.items()} for choice in choices(inner)]
            found = [one | other for one in found for other in below]
        return found

    return any(all(value in choice.get(path, []) for path, value in wanted.items()) for choice in choices(event))


@given(st.dictionaries(st.sampled_from(["a.x", "a.y", "a.b.z", "a.b.w", "c.x", "c.y"]), st.integers(1, 4), min_size=1))
def test_fields_of_one_array_match_in_the_same_element(wanted: dict[str, int]) -> None:
    pattern = {path: [value] for path, value in wanted.items()}
    assert EventPattern(json.dumps(pattern)).matches(ARRAYS) == agrees_naively(wanted, ARRAYS)


MANY = [{"x": 1, "y": number} for number in range(5000)]
HOSTILE = [
    ({f"a{number}": {"x": [1], "y": [-1]} for number in range(6)}, {f"a{number}": MANY for number in range(6)}),
    ({"a": {"x": [1], "y": [4999]}}, {"a": MANY}),
    ({"a.x": [1], "a.y": [-1], "a": {"y": [4999]}}, {"a.x": [1] * 5000, "a.y": [-1] * 5000, "a": MANY}),
    ({"a": [{"wildcard": "*".join("a" * 500) + "*b"}]}, {"a": "a" * 100_000}),
]


@pytest.mark.parametrize(("pattern", "event"), HOSTILE)
def test_no_pattern_and_event_take_long(pattern: dict, event: dict) -> None:
    within(30, lambda: EventPattern(json.dumps(pattern)).matches(event))
