"""Paths, and the functions of the definition language; parameters of an execution."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.localaws.core.errors import AwsError
from course.localaws.sagemaker.pipelines.language.expressions import ExpressionError, resolve, text
from course.localaws.sagemaker.pipelines.language.parameters import TYPES, Parameter, values
from course.localaws.sagemaker.pipelines.language.paths import Path, PathError
from tests.localaws.sagemaker.pipelines.definitions import get

FILE = {"a": {"b": [1, {"c": "x"}, 0.5]}, "a.b": True, "it's": {"": None}, "k-1": 2, "$": 3}


class Values:
    """A scope with fixed values and one JSON file."""

    def __init__(self, **found: object) -> None:
        self.found = {name.replace("_", "."): value for name, value in found.items()}

    def get(self, path: str) -> object:
        return self.found[path]

    def json_file(self, location: dict) -> object:
        assert location in ({"S3Uri": "s3://b/1/k.json"}, {"PropertyFile": "Steps.p.PropertyFiles.report"})
        return FILE


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("a.b[0]", 1),
        ("$.a.b[1].c", "x"),
        ("$['a'][\"b\"][2]", 0.5),
        ("a.b[-1]", 0.5),
        ("a['b'][ 0 ]", 1),
        ("$.['a'].b[0]", 1),
        ("['a.b']", True),
        ("['it\\'s']['']", None),
        ("['it's']", {"": None}),
        ("k-1", 2),
        ("['$']", 3),
        ("$", FILE),
        ("a.b", [1, {"c": "x"}, 0.5]),
    ],
)
def test_a_json_path_names_one_value(path: str, value: object) -> None:
    assert Path.of_json_path(path).in_json(FILE) == value


@pytest.mark.parametrize("path", ["b", "a.c", "a.b[3]", "a[0]", "a.b.c", "a.b[0].x", "['k-1']['x']"])
def test_a_path_to_nothing(path: str) -> None:
    with pytest.raises(PathError, match="was not found"):
        Path.of_json_path(path).in_json(FILE)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("", "empty"),
        ("$..b", "deep scan"),
        ("a.*", "wildcards"),
        ("a.b[*]", "wildcards"),
        ("a.b[0:2]", "slices"),
        ("a.b[:1]", "slices"),
        ("a.b[0,1]", "several keys"),
        ("['a','k-1']", "several keys|not valid"),
        ("a.b[?(@.c == 'x')]", "filters"),
        ("a.b.length()", "functions"),
        ("$.sum($.a)", "functions"),
        (".a", "not valid"),
        ("$a", "not valid"),
        ("a.", "not valid"),
        ("a.b[", "not valid"),
        ("a.b['c]", "not valid"),
        ("a b", "not valid"),
        ("a.b[0]c", "not valid"),
        ("a.b[x]", "not valid"),
    ],
)
def test_paths_that_are_refused(path: str, reason: str) -> None:
    with pytest.raises(PathError, match=reason):
        Path.of_json_path(path)


def test_properties_are_found_by_name() -> None:
    answer = {
        "ProcessingOutputConfig": {"Outputs": [{"OutputName": "a"}, {"OutputName": "b c:d", "S3Output": {"S3Uri": "s3://b"}}]},
        "FinalMetricDataList": [{"MetricName": "val:acc", "Value": 0.5}],
        "Environment": {"X.Y": "z"},
    }
    paths = {
        "ProcessingOutputConfig.Outputs['b c:d'].S3Output.S3Uri": "s3://b",
        "ProcessingOutputConfig.Outputs[0].OutputName": "a",
        "FinalMetricDataList['val:acc'].Value": 0.5,
        "Environment['X.Y']": "z",
    }
    assert {path: Path.of(path).in_properties(answer) for path in paths} == paths
    with pytest.raises(PathError, match="'x' of the path"):
        Path.of("FinalMetricDataList['x']").in_properties(answer)


KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)


@given(st.lists(KEYS | st.integers(0, 5), min_size=1, max_size=5))
def test_every_value_has_a_path(parts: list[str | int]) -> None:
    value: object = "found"
    for part in reversed(parts):
        value = {part: value} if isinstance(part, str) else [None] * part + [value]
    quoted = [f"[{part}]" if isinstance(part, int) else "['" + part.replace("\\", "\\\\").replace("'", "\\'") + "']" for part in parts]
    try:
        path = Path.of_json_path("$" + "".join(quoted))
    except PathError:
        assert any("','" in part or "'" in part or '"' in part for part in map(str, parts))  # it could be several keys
        return
    assert path.in_json(value) == "found"


@given(st.text(max_size=20))
def test_any_text_is_a_path_or_refused(path: str) -> None:
    for of in (Path.of, Path.of_json_path):
        with contextlib.suppress(PathError):
            assert of(path).text == path


def test_functions_are_resolved_wherever_they_are() -> None:
    scope = Values(Parameters_n=3, Parameters_f=0.5, Parameters_b=True, Execution_Id="1")
    uri = {"Std:Join": {"On": "/", "Values": ["s3://b", get("Execution.Id"), "k.json"]}}
    value = {
        "list": [get("Parameters.n"), {"inner": get("Parameters.b")}],
        "joined": {"Std:Join": {"On": "-", "Values": ["a", get("Parameters.n"), get("Parameters.f"), get("Parameters.b"), 1, None]}},
        "file": {"Std:JsonGet": {"S3Uri": uri, "Path": "$.a.b[1].c"}},
        "report": {"Std:JsonGet": {"PropertyFile": get("Steps.p.PropertyFiles.report"), "Path": "a.b[2]"}},
        "absent": None,
        "plain": {"Get": "x", "other": 1},
    }
    assert resolve(value, scope) == {
        "list": [3, {"inner": True}],
        "joined": "a-3-0.5-true-1-null",
        "file": "x",
        "report": 0.5,
        "plain": {"Get": "x", "other": 1},
    }


def test_a_join_without_a_separator() -> None:
    assert resolve({"Std:Join": {"Values": ["a", "b"]}}, Values()) == "ab"


def test_a_json_get_that_finds_nothing_says_where() -> None:
    with pytest.raises(ExpressionError, match="'x' of the path 'x' was not found.*s3://b/1/k.json"):
        resolve({"Std:JsonGet": {"S3Uri": "s3://b/1/k.json", "Path": "x"}}, Values())


SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=9)


@given(st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner), max_leaves=9))
def test_text_of_a_value_is_json_but_for_text(value: object) -> None:
    assert text(value) == value if isinstance(value, str) else json.loads(text(value)) == value


@pytest.mark.parametrize(
    ("kind", "given_", "value"),
    [
        ("String", "1", "1"),
        ("Integer", "-12", -12),
        ("Integer", "+3", 3),
        ("Float", "1", 1.0),
        ("Float", "1e-05", 1e-05),
        ("Float", ".5", 0.5),
        ("Boolean", "True", True),
        ("Boolean", "false", False),
    ],
)
def test_values_of_parameters_are_read(kind: str, given_: str, value: object) -> None:
    found = values({"p": Parameter("p", kind, None)}, [{"Name": "p", "Value": given_}])["p"]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("kind", "given_"),
    [("Integer", x) for x in ("1.0", "1_0", "x", " 1", "1e3")]
    + [("Float", x) for x in ("nan", "inf", "1_0", "x", "1e")]
    + [("Boolean", x) for x in ("1", "yes")],
)
def test_values_of_another_type_are_refused(kind: str, given_: str) -> None:
    with pytest.raises(AwsError, match=f"of type {kind}"):
        values({"p": Parameter("p", kind, None)}, [{"Name": "p", "Value": given_}])


@pytest.mark.parametrize(
    ("given_", "reason"),
    [
        ([], r"Parameters without a default value must be set: \['p'\]"),
        ([{"Name": "x", "Value": "1"}], r"Unknown parameters: \['x'\]"),
        ([{"Name": "p", "Value": "a"}] * 2, r"must be given once only: \['p'\]"),
        ([{"Name": "p", "Value": ""}], r'\[string "" is too short \(length: 0, required minimum: 1\)\]'),
        ([{"Name": "p", "Value": "c"}], r"'c' is not one of \['a', 'b'\]"),
    ],
)
def test_parameters_of_an_execution_are_checked(given_: list[dict], reason: str) -> None:
    with pytest.raises(AwsError, match=reason):
        values({"p": Parameter("p", "String", None, ("a", "b")), "q": Parameter("q", "Integer", 0)}, given_)


@given(st.sampled_from(sorted(TYPES)).flatmap(lambda kind: st.tuples(st.just(kind), st.from_type(TYPES[kind]))))
def test_what_python_writes_is_read_again(example: tuple[str, object]) -> None:
    kind, value = example
    if value == "" or value != value or value in (float("inf"), float("-inf")) or (kind == "Integer" and abs(value) >= 10**19):  # type: ignore[arg-type]
        return
    assert values({"p": Parameter("p", kind, None)}, [{"Name": "p", "Value": str(value)}]) == {"p": value}
