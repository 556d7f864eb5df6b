"""Partition projection: the partitions of a table follow from its properties, and the catalog has none.

The partitions are those of the projected values for which there are objects. Source: "Supported types for partition projection" and "Set up
partition projection" (Athena User Guide), read 2026-11-30. Differs from AWS: the type ``injected``, and dates with an interval other than
one, are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from course.localaws.athena.catalog import CatalogTable
from course.localaws.athena.failures import QueryFailure

_LETTERS = {  # of java.time.format.DateTimeFormatter -> strptime's directive and a pattern
    "yyyy": ("%Y", r"\d{4}"),
    "MM": ("%m", r"\d{2}"),
    "dd": ("%d", r"\d{2}"),
    "HH": ("%H", r"\d{2}"),
    "mm": ("%M", r"\d{2}"),
    "ss": ("%S", r"\d{2}"),
}
_TOKEN = re.compile(r"'([^']*)'|([A-Za-z])\2*|[^A-Za-z']+")
_NOW = re.compile(r"NOW(?:([+-])(\d+)(YEAR|MONTH|WEEK|DAY|HOUR|MINUTE|SECOND)S?)?")
_SECONDS = {"YEAR": 365 * 86_400, "MONTH": 30 * 86_400, "WEEK": 604_800, "DAY": 86_400, "HOUR": 3600, "MINUTE": 60, "SECOND": 1}


@dataclass(frozen=True, slots=True)
class _Key:
    """A partition key: the pattern of its values in locations, and which of them are projected."""

    pattern: str
    holds: Callable[[str], bool]


def is_projected(table: CatalogTable) -> bool:
    return table.parameters.get("projection.enabled", "").lower() == "true"


def described(table: CatalogTable, keys_below: Callable[[str], Iterable[str]], now: float) -> CatalogTable:
    """A table with the partitions that are projected and have objects.

    Parameters
    ----------
    keys_below : callable
        Location -> the URIs of the objects below it.
    now : float
        Unix seconds.

    Raises
    ------
    QueryFailure
        The properties are not valid, or are refused here.
    """
    keys = {name: _key(table, name, now) for name in table.keys}
    template = table.parameters.get("storage.location.template") or "/".join(
        [table.location.rstrip("/"), *(f"{name}=${{{name}}}" for name in keys)]
    )
    template = template.rstrip("/") + "/"
    if missing := [name for name in keys if f"${{{name}}}" not in template]:
        raise _invalid(table, f"storage.location.template has no ${{{missing[0]}}}")
    pattern = re.compile(_pattern(template, keys))
    found = {}
    for uri in keys_below(template.partition("${")[0]):
        if match := pattern.match(uri):
            values = tuple(match[_group(name)] for name in keys)
            if all(key.holds(value) for key, value in zip(keys.values(), values, strict=True)):
                found[values] = match[0]
    return CatalogTable(table.document, tuple(sorted(found.items())))


def _pattern(template: str, keys: dict[str, _Key]) -> str:
    """The pattern of a template. A key that occurs again has the same value."""
    text = re.escape(template)
    for name, key in keys.items():
        placed = re.escape(f"${{{name}}}")
        text = text.replace(placed, f"(?P<{_group(name)}>{key.pattern})", 1).replace(placed, f"(?P={_group(name)})")
    return text


def _group(name: str) -> str:
    return "k_" + re.sub(r"\W", "_", name)


def _key(table: CatalogTable, name: str, now: float) -> _Key:
    properties = table.parameters
    kind = properties.get(f"projection.{name}.type", "").lower()
    if kind == "enum":
        values = [value.strip() for value in properties.get(f"projection.{name}.values", "").split(",")]
        return _Key("|".join(map(re.escape, values)), values.__contains__)
    if kind == "integer":
        return _integer(table, name)
    if kind == "date":
        return _date(table, name, now)
    if kind == "injected":
        raise QueryFailure(f"NOT_SUPPORTED: the projection of {name} is injected, which the local AWS does not do")
    raise _invalid(table, f"projection.{name}.type is {kind or 'missing'}")


def _integer(table: CatalogTable, name: str) -> _Key:
    low, high = _range(table, name)
    digits, interval = table.parameters.get(f"projection.{name}.digits", ""), table.parameters.get(f"projection.{name}.interval", "1")
    try:
        first, last, step, width = int(low), int(high), int(interval), int(digits or 0)
    except ValueError:
        raise _invalid(table, f"the range, interval or digits of {name} are no numbers") from None

    def holds(text: str) -> bool:
        number = int(text)
        return first <= number <= last and (number - first) % step == 0 and text == f"{number:0{width}d}"

    return _Key(r"-?\d+", holds)


def _date(table: CatalogTable, name: str, now: float) -> _Key:
    if table.parameters.get(f"projection.{name}.interval", "1") != "1":
        raise QueryFailure(f"NOT_SUPPORTED: projection.{name}.interval of a date other than 1, which the local AWS does not do")
    written = table.parameters.get(f"projection.{name}.format", "")
    directives, pattern = _format(table, name, written)
    first, last = (_moment(table, name, text.strip(), directives, now) for text in _range(table, name))

    def holds(text: str) -> bool:
        try:  # compared as they are written: "NOW" includes today
            return first.strftime(directives) <= text <= last.strftime(directives) and bool(datetime.strptime(text, directives))
        except ValueError:
            return False

    return _Key(pattern, holds)


def _format(table: CatalogTable, name: str, written: str) -> tuple[str, str]:
    """The strptime format, and the pattern, of a format of Java."""
    directives, pattern = "", ""
    for token in _TOKEN.finditer(written):
        if token[2] is None:
            text = token[0] if token[1] is None else token[1]
            directives, pattern = directives + text.replace("%", "%%"), pattern + re.escape(text)
        elif token[0] in _LETTERS:
            directives, pattern = directives + _LETTERS[token[0]][0], pattern + _LETTERS[token[0]][1]
        else:
            raise QueryFailure(f"NOT_SUPPORTED: {token[0]} in projection.{name}.format, which the local AWS does not do")
    if not directives:
        raise _invalid(table, f"projection.{name}.format is missing")
    return directives, pattern


def _moment(table: CatalogTable, name: str, text: str, directives: str, now: float) -> datetime:
    if match := _NOW.fullmatch(text.replace(" ", "").upper()):
        moment = datetime.fromtimestamp(now, UTC)
        shift = timedelta(seconds=int(match[2]) * _SECONDS[match[3]]) if match[1] else timedelta()
        return moment - shift if match[1] == "-" else moment + shift
    try:
        return datetime.strptime(text, directives).replace(tzinfo=UTC)
    except ValueError:
        raise _invalid(table, f"{text!r} in projection.{name}.range does not have its format") from None


def _range(table: CatalogTable, name: str) -> tuple[str, str]:
    low, comma, high = table.parameters.get(f"projection.{name}.range", "").partition(",")
    if not comma:
        raise _invalid(table, f"projection.{name}.range needs two values")
    return low, high


def _invalid(table: CatalogTable, what: str) -> QueryFailure:
    return QueryFailure(f"INVALID_TABLE_PROPERTY: Table {table.database}.{table.name}: {what}")
