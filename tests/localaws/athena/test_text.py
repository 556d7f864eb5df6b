"""DuckDB and Python write the same fields of a result."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.localaws.athena.text import field, field_in_sql

NUMBERS = st.one_of(
    st.floats(), st.floats(1e-4, 1e16), st.integers(-(10**16), 10**16).map(float), st.floats(1e6, 1e10).map(lambda x: round(x, 3))
)
VALUES = {
    "DOUBLE": NUMBERS,
    "BIGINT": st.integers(-(2**63), 2**63 - 1),
    "BOOLEAN": st.booleans(),
    "VARCHAR": st.text(st.characters(codec="utf-8", exclude_characters="\0")),
}


@given(st.data(), st.sampled_from(sorted(VALUES)))
def test_a_field_is_the_same(data: st.DataObject, kind: str) -> None:
    values = data.draw(st.lists(st.none() | VALUES[kind], min_size=1, max_size=40))
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE t (number INTEGER, c {kind})")
        connection.executemany("INSERT INTO t VALUES (?, ?)", list(enumerate(values)))
        shown, rest = field_in_sql("c", "d", kind)
        cast = "SELECT *, CAST(c AS VARCHAR) AS d FROM t ORDER BY number"
        rows = connection.execute(f"SELECT {shown}, {rest} FROM ({cast})").fetchall()
    assert [field(value, kind) if text is None else text for text, value in rows] == [field(value, kind) for value in values]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0"),
        (1e7, "1.0E7"),
        (-1e7, "-1.0E7"),
        (1372636800.5, "1.3726368005E9"),
        (9999999.5, "9999999.5"),
        (1e-3, "0.001"),
        (1e15, "1.0E15"),
    ],
)
def test_a_double_is_written_as_java_does(value: float, text: str) -> None:
    assert field(value, "DOUBLE") == f'"{text}"'
