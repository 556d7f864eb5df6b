"""Tests that plain data keeps its kind and value, and that objects are refused, including those that try to deceive the grader."""

from __future__ import annotations

import datetime
import json
import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from hypothesis.extra import pandas as hpd

from course.grading import AnswerError, values
from course.grading.exercise import kinds
from course.grading.submission.evidence import Evidence
from course.grading.tree import TAG, DecodeError
from tests.error_messages import error_message

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(min_value=-(2**100), max_value=2**100)
    | st.floats(allow_nan=False)
    | st.text()
    | st.dates()
    | st.datetimes()
)
KEYS = st.text() | st.integers() | st.just(TAG) | st.dates()
PLAIN = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12)


def across(value: Any) -> Any:
    """The value after a transfer: the JSON tree as text, the tables as bytes."""
    tree, blobs = values.encode(value)
    return values.decode(json.loads(json.dumps(tree)), blobs)


@given(PLAIN)
def test_plain_data_survives(value: Any) -> None:
    assert across(value) == value


@given(PLAIN)
def test_plain_data_is_copied(value: Any) -> None:
    copy = values.plain(value)
    assert copy == value
    assert not isinstance(value, (list, dict)) or copy is not value


@given(
    hpd.data_frames(
        [
            hpd.column("n", dtype=np.int64),
            hpd.column("x", dtype=float),
            hpd.column("s", elements=st.text(max_size=5) | st.none(), dtype=object),
            hpd.column("t", elements=st.datetimes(pd.Timestamp("1990").to_pydatetime(), pd.Timestamp("2030").to_pydatetime())),
        ]
    )
)
def test_tables_survive(frame: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(across(frame), frame, check_dtype=len(frame) > 0 and frame["s"].notna().any())


def test_equal_tables_are_stored_once() -> None:
    frame = pd.DataFrame({"x": [1.0, None]})
    tree, blobs = values.encode([frame, frame.copy(), frame + 1])
    assert len(blobs) == 2
    first, second, third = values.decode(tree, blobs)
    first["x"] = 0.0
    pd.testing.assert_frame_equal(second, frame)
    pd.testing.assert_frame_equal(third, frame + 1)


@given(hnp.arrays(st.sampled_from([np.int32, np.float64, np.bool_]), hnp.array_shapes(min_side=0, max_side=4)))
def test_arrays_survive(array: np.ndarray) -> None:
    got = across(array)
    assert got.shape == array.shape
    np.testing.assert_array_equal(got, array)


def test_index_and_column_names_survive() -> None:
    frame = pd.DataFrame({"a": [1, 2], 5: [3.0, None]}, index=pd.MultiIndex.from_tuples([("x", 1), ("y", 2)], names=["k", None]))
    pd.testing.assert_frame_equal(across(frame), frame)
    column = pd.Series([1, 2], name="rate", index=pd.Index(["EWR", "JFK"], name="origin"))
    pd.testing.assert_series_equal(across(column), column)
    assert across(pd.Series(["a", "b", "a"], dtype="category")).tolist() == ["a", "b", "a"]


SCALARS = [
    (np.float64(0.25), 0.25),
    (np.int64(3), 3),
    (np.bool_(True), True),
    (np.str_("File"), "File"),
    ((1, 2), [1, 2]),
    ({"b", "a"}, ["a", "b"]),
    (pd.NaT, None),
    (pd.NA, None),
    (pd.Timestamp("2013-07-01 10:00"), datetime.datetime(2013, 7, 1, 10)),
]


def test_scientific_scalars_become_plain() -> None:
    for scalar, expected in SCALARS:
        got = across(scalar)
        assert got == expected and type(got) is type(expected), (scalar, got)


class Everything:
    """An object that equals everything and passes for a float, an array or a list."""

    __class__ = float

    def __eq__(self, other: object) -> bool:
        return True

    def __float__(self) -> float:
        return 1.0

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        return np.array([1.0])

    def __iter__(self) -> Any:
        return iter([1.0])

    def __reduce__(self) -> Any:
        raise AssertionError("pickled")


class Liar(str):
    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0

    def __str__(self) -> str:
        return "the answer"


class LyingList(list):
    def __iter__(self) -> Any:
        return iter(["the answer"])


def test_objects_are_refused_by_name() -> None:
    for value in [Everything(), [Everything()], {"a": Everything()}, object(), lambda: 1, b"bytes", 1j, pd.Index([1])]:
        assert "which a check cannot judge. Give plain data" in error_message(AnswerError, values.plain, value, "answer"), type(value)


def test_subclasses_become_their_base_class() -> None:
    got = values.plain(Liar("wrong"))
    assert type(got) is str and got != "the answer" and got == "wrong"
    assert values.plain(LyingList(["wrong"])) == ["wrong"]


def test_refusal_says_where() -> None:
    with pytest.raises(AnswerError, match=r"`jobs\['a'\]\[1\]` is an object of type object"):
        values.plain({"a": [1, object()]}, "jobs")
    with pytest.raises(AnswerError, match=r"`table\['mixed'\]` mixes kinds"):
        values.plain(pd.DataFrame({"mixed": [1, "a"]}), "table")
    with pytest.raises(AnswerError, match="several levels"):
        values.plain(pd.DataFrame({("a", "b"): [1]}), "table")


def test_endless_data_are_refused() -> None:
    endless: list = []
    endless.append(endless)
    with pytest.raises(AnswerError, match="nested more than"):
        values.plain(endless)
    with pytest.raises(AnswerError, match="digits"):
        values.plain(10**5000)


@pytest.mark.parametrize(
    "value", ["\ud800", ["\udfff"], {"\ud800": 1}, pd.DataFrame({"a": ["\ud800"]}), pd.DataFrame({"\ud800": [1]}), np.array(["\ud800"])]
)
def test_half_a_character_is_refused(value: Any) -> None:
    with pytest.raises(AnswerError, match="half of a character"):
        values.plain(value, "answer")


TREES = st.recursive(
    st.none() | st.integers() | st.just(10**4_000) | st.text(st.characters(exclude_categories=()), max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["$", "blob", "iso", "items", "index", "columns", "shape", "a"]), inner, max_size=4)
        | st.fixed_dictionaries({"$": st.sampled_from(["table", "column", "array", "dict", "date", "datetime"]), "blob": st.just(0)})
    ),
    max_leaves=8,
)


@given(TREES, st.lists(st.binary(max_size=200), max_size=2))
def test_a_forged_tree_is_refused_or_plain(tree: Any, blobs: list[bytes]) -> None:
    try:
        got = values.decode(tree, blobs)
    except DecodeError:
        return
    values.encode(got, depth=values.MESSAGE_DEPTH)  # every accepted value is plain data


LABELS = st.none() | st.integers() | st.floats() | st.text(max_size=2) | st.lists(st.integers(), max_size=2) | st.just({"a": 1})


@given(st.sampled_from(["table", "column", "array"]), st.lists(LABELS, max_size=3), st.lists(LABELS, max_size=2), LABELS)
def test_a_sound_stream_with_forged_names_is_refused_or_plain(kind: str, columns: list, index: list, shape: Any) -> None:
    _, blobs = values.encode(pd.DataFrame({"a": [1, 2], "b": ["x", None]}))
    tree = {TAG: kind, "blob": 0, "columns": columns, "index": index, "shape": shape}
    try:
        got = values.decode(tree, blobs)
    except DecodeError:
        return
    values.plain(got)


def nested(levels: int) -> list:
    value: list = []
    for _ in range(levels - 1):
        value = [value]
    return value


def test_the_deepest_value_can_be_handed_over_and_recorded() -> None:
    deepest = nested(values.DEPTH + 1)
    assert values.plain(deepest) == deepest
    tree, blobs = values.encode({"a": deepest}, depth=values.MESSAGE_DEPTH)
    offer = {"values": values.decode(tree, blobs), "problem": "", "unanswered": False}
    recorded = Evidence(offer, [{"name": "f", "arguments": [deepest], "value": deepest}])
    assert Evidence.of_json(json.loads(json.dumps(recorded.as_json()))).offer == offer


def test_pickles_are_never_read() -> None:
    class Bomb:
        def __reduce__(self) -> Any:
            return (print, ("unpickled",))

    with pytest.raises(DecodeError):
        values.decode({"$": "table", "index": [], "columns": ["a"], "blob": 0}, [pickle.dumps(Bomb())])


@given(PLAIN)
def test_shown_values_are_short(value: Any) -> None:
    assert len(kinds.show(value)) <= 80


MISMATCHES = [
    ("3", int, "is '3' (str); expected a whole number (int)"),
    (True, int, "expected a whole number"),
    (3.0, int, "is 3.0 (float)"),
    (True, float, "expected a number"),
    ([1, "a"], list[int], "one part is 'a' (str)"),
    ({"a": "b"}, dict[str, float], "one part is 'b' (str)"),
    (None, str | float, "expected text (str) or a number (float)"),
]


HOLDS_TABLES = [
    ({"a": [1, {"b": pd.DataFrame({"c": [1, 2]})}]}, dict, "holds a table of 2 rows and the columns c at ['a'][1]['b']; expected a dict"),
    ([pd.Series([1.5], name="d")], list, "holds a column 'd' of 1 values at [0]; expected a list"),
    ([{"e": np.zeros((2, 3))}], list[dict], "one part holds an array of shape (2, 3) at ['e']; expected a dict"),
]


def test_lists_and_dicts_hold_no_tables() -> None:
    """A check that compares their members would fail: the ``==`` of a table gives a table."""
    for value, kind, words in HOLDS_TABLES:
        assert words in error_message(kinds.KindError, kinds.conform, value, kind), (value, kind)


@given(PLAIN)
def test_data_without_tables_passes_for_a_list_or_dict(value: Any) -> None:
    assert kinds.conform([value], list) == [value] and kinds.conform({"a": value}, dict) == {"a": value}


def test_a_value_of_another_kind_is_named() -> None:
    for value, kind, words in MISMATCHES:
        message = error_message(kinds.KindError, kinds.conform, value, kind)
        assert words in message, (value, message)


def test_whole_number_passes_for_a_number() -> None:
    assert kinds.conform(3, float) == 3.0 and type(kinds.conform(3, float)) is float
    assert kinds.conform([1, 2.5], list[float]) == [1.0, 2.5]
    assert kinds.conform(None, float | None) is None
