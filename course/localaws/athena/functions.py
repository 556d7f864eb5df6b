"""Functions of Athena that sqlglot does not translate to DuckDB: those with a pattern of a time, and `from_unixtime` of a text.

Patterns: "Teradata functions" (``to_timestamp``, ``to_date``, ``to_char``) and "Date and time functions" (``format_datetime``,
``parse_datetime``, in Joda's patterns) of Trino's documentation, read 2026-11-28. The SageMaker SDK's ``DatasetBuilder.as_of`` writes
``to_timestamp('...', 'yyyy-mm-dd hh24:mi:ss')``.
"""

from __future__ import annotations

import re

from sqlglot import exp

from course.localaws.athena.failures import QueryFailure

_TERADATA = {"yyyy": "%Y", "yy": "%y", "mm": "%m", "dd": "%d", "hh24": "%H", "hh": "%I", "mi": "%M", "ss": "%S"}
_JODA = {
    **{"yyyy": "%Y", "yy": "%y", "MMMM": "%B", "MMM": "%b", "MM": "%m", "dd": "%d", "HH": "%H", "hh": "%I", "mm": "%M", "ss": "%S"},
    **{"SSS": "%g", "EEEE": "%A", "EEE": "%a", "a": "%p", "Z": "%z", "ZZ": "%z", "D": "%-j", "M": "%-m", "d": "%-d", "H": "%-H"},
}
_TERADATA_TOKEN = re.compile("|".join(_TERADATA) + r"|[a-z]|[^a-z]+")
_JODA_TOKEN = re.compile(r"'(?:[^']|'')*'|([A-Za-z])\1*|[^A-Za-z']+")
_OF_TERADATA, _OF_JODA = ("to_timestamp", "to_date", "to_char"), ("format_datetime", "parse_datetime")


def translate(query: exp.Query) -> None:
    """Replace the calls of these functions in a query whose types are known. Raises QueryFailure."""
    for node in list(query.find_all(exp.Anonymous, exp.ParseDatetime, exp.UnixToTime)):
        if isinstance(node, exp.UnixToTime):
            _require_number(node)
            continue
        name = "parse_datetime" if isinstance(node, exp.ParseDatetime) else node.name.lower()
        values = [node.this, node.args["format"]] if isinstance(node, exp.ParseDatetime) else node.expressions
        if name in _OF_TERADATA + _OF_JODA and len(values) == 2:
            node.replace(_with_pattern(name, *values))


def _require_number(node: exp.UnixToTime) -> None:
    """The SDK writes ``from_unixtime`` of a text in some versions. Trino refuses it, and DuckDB would take the text for a number."""
    if node.this.is_type(*exp.DataType.TEXT_TYPES):
        raise QueryFailure(
            "TYPE_MISMATCH: Unexpected parameters (varchar) for function from_unixtime. Expected: from_unixtime(double), "
            "from_unixtime(double, varchar(x)), from_unixtime(double, bigint, bigint)"
        )


def _with_pattern(name: str, value: exp.Expression, pattern: exp.Expression) -> exp.Expression:
    if not isinstance(pattern, exp.Literal):
        raise QueryFailure(f"NOT_SUPPORTED: {name} with a pattern that is not a literal, which the local AWS does not do")
    text = exp.Literal.string(_percent(name, pattern.name))
    if name in ("to_char", "format_datetime"):
        return exp.Anonymous(this="strftime", expressions=[value.copy(), text])
    if "%z" in text.name:  # DuckDB reads an offset as +00 alone
        value = exp.Anonymous(this="regexp_replace", expressions=[value.copy(), exp.Literal.string("Z$"), exp.Literal.string("+00")])
    parsed = exp.Anonymous(this="strptime", expressions=[value.copy(), text])
    return exp.cast(parsed, {"to_date": "date", "parse_datetime": "timestamptz"}.get(name, "timestamp"))


def _percent(name: str, pattern: str) -> str:
    """A pattern in the notation of ``strptime``: ``yyyy-MM-dd`` is ``%Y-%m-%d``. Raises QueryFailure for a letter that has none."""
    is_joda = name in _OF_JODA
    found, tokens = [], _JODA if is_joda else _TERADATA
    for match in (_JODA_TOKEN if is_joda else _TERADATA_TOKEN).finditer(pattern if is_joda else pattern.lower()):
        token = match[0]
        if token in tokens:
            found.append(tokens[token])
        elif token[0].isalpha():
            raise QueryFailure(f"NOT_SUPPORTED: {token!r} in the pattern of {name}, which the local AWS does not do")
        else:
            quoted = token[1:-1].replace("''", "'") or "'" if token[0] == "'" else token
            found.append(quoted.replace("%", "%%"))
    return "".join(found)
