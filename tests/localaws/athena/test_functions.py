"""Functions with a pattern of a time, as the SageMaker SDK's DatasetBuilder and AWS's notebooks write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import parse_one
from sqlglot.optimizer.annotate_types import annotate_types

from course.localaws.athena import functions
from course.localaws.athena.failures import QueryFailure
from tests.localaws.athena.test_athena import BUCKET, Lake


@pytest.fixture(scope="module")
def query(client) -> Lake:
    client("s3").create_bucket(Bucket=BUCKET)
    return Lake(client)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("to_timestamp('2013-02-01 05:30:09', 'yyyy-mm-dd hh24:mi:ss')", "2013-02-01 05:30:09.000"),
        ("to_date('2013/02/01', 'yyyy/mm/dd')", "2013-02-01"),
        ("to_char(TIMESTAMP '2013-02-01 05:30:09', 'dd.mm.yyyy hh24.mi')", "01.02.2013 05.30"),
        ("format_datetime(from_unixtime(1.5e9), 'yyyy-MM-dd''T''HH:mm:ss')", "2017-07-14T02:40:00"),
        ("to_unixtime(parse_datetime('2017-07-14T02:40:00Z', 'yyyy-MM-dd''T''HH:mm:ssZ'))", "1.5E9"),
        ("to_unixtime(from_iso8601_timestamp('2017-07-14T02:40:00Z'))", "1.5E9"),
        ("from_unixtime(CAST('1500000000' AS double)) > from_unixtime(1400000000)", "true"),
    ],
)
def test_a_time_in_a_pattern(query: Lake, asked: str, found: str) -> None:
    assert query.rows(f"SELECT {asked}", database="default") == [[found]]


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ("from_unixtime('2017-07-14T02:40:00Z')", "TYPE_MISMATCH: Unexpected parameters (varchar) for function from_unixtime"),
        ("to_timestamp('2013-02-01 05:30:09+00:00', 'yyyy-mm-dd hh24:mi:ss')", "INVALID_FUNCTION_ARGUMENT: "),
        ("format_datetime(now(), 'ww')", "NOT_SUPPORTED: 'ww' in the pattern of format_datetime"),
    ],
)
def test_what_a_function_refuses(query: Lake, asked: str, reason: str) -> None:
    assert query.reason(f"SELECT {asked}", database="default").startswith(reason)


@given(st.sampled_from(["to_timestamp", "to_char", "format_datetime", "parse_datetime"]), st.text("ymdhisZzSMDH24-': %/a", max_size=12))
def test_any_pattern_is_translated_or_refused(name: str, pattern: str) -> None:
    quoted = pattern.replace("'", "''")
    tree = annotate_types(parse_one(f"SELECT {name}(x, '{quoted}') FROM t", dialect="athena"), dialect="athena")
    try:
        functions.translate(tree)
    except QueryFailure as failure:
        assert str(failure).startswith("NOT_SUPPORTED")


@pytest.mark.parametrize(
    ("asked", "columns"),
    [
        ("SELECT 1 AS LeadSource", ["LeadSource"]),
        ("SELECT LeadSource, 'x' AS \"B.1\" FROM (SELECT 1 AS leadsource)", ["LeadSource", "B.1"]),
        ("WITH a AS (SELECT 1 AS LeadSource) SELECT * FROM a ORDER BY leadsource", ["LeadSource"]),
        ("SELECT * FROM (SELECT 1 AS LeadSource UNION ALL SELECT 2)", ["LeadSource"]),
        ("SELECT count(*), max(N) AS Most FROM (VALUES 1) AS t(n)", ["_col0", "Most"]),
    ],
)
def test_columns_are_named_as_the_query_writes_them(query: Lake, asked: str, columns: list[str]) -> None:
    found = query.run(asked, database="default")
    result = query.athena.get_query_results(QueryExecutionId=found["QueryExecutionId"])["ResultSet"]
    assert [each["Name"] for each in result["ResultSetMetadata"]["ColumnInfo"]] == columns
