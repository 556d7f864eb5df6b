"""List: filters, order and pages, so that a resource is shown once in any page size, even while others come and go."""

from __future__ import annotations

import base64
import json
import zlib
from typing import TYPE_CHECKING

from course.localaws.core.errors import AwsError

if TYPE_CHECKING:
    import sqlite3

    from course.localaws.core.resources import ResourceKind

DEFAULT_PAGE = 10
COLUMNS = {"Name": "name", "CreationTime": "created", "LastModifiedTime": "modified", "Status": "status"}
BOUNDS = {
    "CreationTimeAfter": "created >= ?",
    "CreationTimeBefore": "created < ?",
    "LastModifiedTimeAfter": "modified >= ?",
    "LastModifiedTimeBefore": "modified < ?",
    "ModifiedTimeAfter": "modified >= ?",
    "ModifiedTimeBefore": "modified < ?",
    "StatusEquals": "status = ?",
    "NameContains": "instr(key, lower(?)) > 0",
}


def page(connection: sqlite3.Connection, region: str, kind: ResourceKind, params: dict) -> tuple[list[dict], str | None]:
    """One page of the kind's summaries and the next page's token.

    A token holds the last row shown (its sort value and sequence number) and a checksum of the query it belongs to.

    Raises
    ------
    AwsError
        ``ValidationException`` for a token that is not one of ours or belongs to another query.
    """
    conditions, values = ["region = ?", "kind = ?"], [region, kind.name]
    status_last = kind.status_last and "MaxResults" in params
    for parameter, condition in BOUNDS.items():
        if parameter in params and not (status_last and parameter == "StatusEquals"):
            conditions.append(condition)
            values.append(params[parameter])
    for parameter, path in kind.filters.items():
        if parameter in params:
            conditions.append("json_extract(summary, ?) = ?")
            values += [f"$.{path}", params[parameter]]

    column = COLUMNS.get(params.get("SortBy", "CreationTime")) or f"coalesce(json_extract(summary, '$.{params['SortBy']}'), '')"
    descending = params.get("SortOrder", kind.order) == "Descending"
    query = zlib.crc32(repr((conditions, values, column, descending)).encode())
    if params.get("NextToken"):
        after = _read_token(params["NextToken"], query)
        conditions.append(f"({column}, sequence) {'<' if descending else '>'} (?, ?)")
        values += after

    limit = params.get("MaxResults", DEFAULT_PAGE)
    order = "DESC" if descending else "ASC"
    rows = connection.execute(
        f"SELECT summary, status, sequence, {column} AS value FROM resources WHERE {' AND '.join(conditions)}"
        f" ORDER BY value {order}, sequence {order} LIMIT ?",
        (*values, limit + 1),
    ).fetchall()
    shown = rows[:limit]
    token = _token(query, shown[-1]) if len(rows) > limit else None
    if status_last and "StatusEquals" in params:
        shown = [row for row in shown if row["status"] == params["StatusEquals"]]
    return json.loads(f"[{','.join(row['summary'] for row in shown)}]"), token


def _token(query: int, row: sqlite3.Row) -> str:
    return base64.urlsafe_b64encode(json.dumps([query, row["value"], row["sequence"]]).encode()).decode()


def _read_token(token: str, query: int) -> list:
    try:
        made_for, value, sequence = json.loads(base64.b64decode(token, "-_", validate=True))
    except (ValueError, TypeError):
        made_for = None
    if made_for != query or not isinstance(sequence, int) or not isinstance(value, int | float | str):
        raise AwsError("ValidationException", "Invalid NextToken: it was not returned by this operation with these parameters.")
    return [value, sequence]
