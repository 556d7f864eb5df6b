"""Parses the text of a statement for Athena.

https://docs.aws.amazon.com/athena/latest/ug/ddl-reference.html and dml-queries-functions-operators.html, read 2026-11-25.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError

from course.localaws.athena.failures import SyntaxFailure

_NAME = r"(?:[`\"]?(?P<db>\w+)[`\"]?\s*\.\s*)?[`\"]?(?P<name>\w+)[`\"]?"
_DATABASE = r"[`\"]?(?P<name>[\w-]+)[`\"]?"
# Patterns of statements by SubstatementType. sqlglot parses all other statements.
_PATTERNS = {
    "CREATE_DATABASE": (
        rf"CREATE\s+(?:DATABASE|SCHEMA)\s+(?P<exists>IF\s+NOT\s+EXISTS\s+)?{_DATABASE}(?:\s+COMMENT\s+'(?P<comment>[^']*)')?"
        r"(?:\s+LOCATION\s+'(?P<location>[^']*)')?(?:\s+WITH\s+DBPROPERTIES\s*\(.*\))?"
    ),
    "DROP_DATABASE": rf"DROP\s+(?:DATABASE|SCHEMA)\s+(?P<exists>IF\s+EXISTS\s+)?{_DATABASE}(?:\s+(?P<how>RESTRICT|CASCADE))?",
    "DROP_TABLE": rf"DROP\s+TABLE\s+(?P<exists>IF\s+EXISTS\s+)?{_NAME}",
    "REPAIR_TABLE": rf"MSCK\s+REPAIR\s+TABLE\s+{_NAME}",
    "SHOW_DATABASES": r"SHOW\s+(?:DATABASES|SCHEMAS)(?:\s+LIKE)?(?:\s+'(?P<like>[^']*)')?",
    "SHOW_TABLES": r"SHOW\s+TABLES(?:\s+(?:IN|FROM)\s+[`\"]?(?P<db>\w+)[`\"]?)?(?:\s+LIKE)?(?:\s+'(?P<like>[^']*)')?",
    "SHOW_COLUMNS": rf"SHOW\s+COLUMNS\s+(?:IN|FROM)\s+{_NAME}(?:\s+(?:IN|FROM)\s+[`\"]?(?P<within>\w+)[`\"]?)?",
    "SHOW_PARTITIONS": rf"SHOW\s+PARTITIONS\s+{_NAME}",
    "SHOW_CREATE_TABLE": rf"SHOW\s+CREATE\s+TABLE\s+{_NAME}",
    "DESCRIBE_TABLE": rf"(?:DESCRIBE|DESC)\s+{_NAME}",
    "ALTER_TABLE_ADD_PARTITION": rf"ALTER\s+TABLE\s+{_NAME}\s+ADD\s+(?P<exists>IF\s+NOT\s+EXISTS\s+)?(?P<parts>PARTITION\s*\(.*)",
    "ALTER_TABLE_DROP_PARTITION": rf"ALTER\s+TABLE\s+{_NAME}\s+DROP\s+(?P<exists>IF\s+EXISTS\s+)?(?P<parts>PARTITION\s*\(.*)",
}
_COMPILED = {kind: re.compile(pattern, re.I | re.S) for kind, pattern in _PATTERNS.items()}
_UNLOAD = re.compile(r"UNLOAD\s*\((?P<query>.*)\)\s*TO\s*'(?P<to>[^']+)'\s*(?P<with>WITH\s*\(.*\))?", re.I | re.S)
_ICEBERG = re.compile(r"(?:OPTIMIZE|VACUUM)\b", re.I)
_BEGINNINGS = ("", "ALTER", "CREATE", "DELETE", "DESCRIBE", "DROP", "INSERT", "MERGE", "SELECT", "SHOW", "UPDATE", "VALUES", "WITH")
_EXPECTED = "'ALTER', 'CREATE', 'DESCRIBE', 'DROP', 'INSERT', 'SELECT', 'SHOW', 'UNLOAD', 'WITH', <query>"
UTILITY = ("SHOW_", "DESCRIBE_", "REPAIR_")


@dataclass(frozen=True, slots=True)
class SqlStatement:
    """A parsed statement.

    Attributes
    ----------
    text : str
    kind : str
        ``SubstatementType``: ``SELECT``, ``UNLOAD``, ``CREATE_TABLE_AS_SELECT``, ``INSERT``, ``CREATE_TABLE`` or a key of the patterns.
    words : dict
        The named groups of its pattern.
    query : sqlglot.exp.Query or None
        Its query, parsed from ``offset`` of the text on.
    tree : sqlglot.exp.Expression or None
    properties : dict
        The properties after WITH, with lower-case names.
    """

    text: str
    kind: str
    words: dict[str, str | None]
    query: exp.Query | None = None
    tree: exp.Expression | None = None
    properties: dict[str, object] | None = None
    offset: int = 0

    @property
    def type(self) -> str:
        """Its ``StatementType``."""
        if self.kind.startswith(UTILITY):
            return "UTILITY"
        return "DML" if self.kind in ("SELECT", "UNLOAD", "INSERT") else "DDL"


def read(text: str, parameters: list[str] | None = None) -> SqlStatement:
    """Parse a statement. ``parameters`` replace its question marks. Raises SyntaxFailure."""
    stripped = text.strip().rstrip(";").rstrip()
    start = text.index(stripped) if stripped else 0
    for kind, pattern in _COMPILED.items():
        if match := pattern.fullmatch(stripped):
            return SqlStatement(text, kind, match.groupdict())
    if match := _ICEBERG.match(stripped):
        raise SyntaxFailure(f"NOT_SUPPORTED: {match[0].upper()}, which changes Iceberg tables and which the local AWS does not have")
    if match := _UNLOAD.fullmatch(stripped):
        query = _parsed(match["query"], parameters)
        if not isinstance(query, exp.Query):
            raise SyntaxFailure(f"line 1:9: mismatched input '{match['query'].split(maxsplit=1)[0]}'. Expecting: <query>")
        return SqlStatement(text, "UNLOAD", match.groupdict(), query, None, _unload_properties(match["with"]), start + match.start("query"))
    tree = _parsed(text[: start + len(stripped)], parameters)
    if isinstance(tree, exp.Query):
        return SqlStatement(text, "SELECT", {}, tree)
    if isinstance(tree, exp.Insert):
        return SqlStatement(text, "INSERT", {}, _rows(tree), tree)
    if isinstance(tree, exp.Create) and tree.kind == "TABLE":
        properties = _properties(tree)
        if isinstance(tree.expression, exp.Query):
            return SqlStatement(text, "CREATE_TABLE_AS_SELECT", {}, tree.expression, tree, properties)
        return SqlStatement(text, "CREATE_TABLE", {}, None, tree, properties)
    raise SyntaxFailure("Queries of this type are not supported")


def _parsed(text: str, parameters: list[str] | None) -> exp.Expression:
    try:
        trees = sqlglot.parse(text, dialect="athena")
    except ParseError as error:
        if text.split(maxsplit=1)[0].upper().strip("(") not in _BEGINNINGS:
            raise _no_beginning(text) from error
        found = error.errors[0]
        line, column = found.get("line") or 1, max((found.get("col") or 1) - len(found.get("highlight") or "") + 1, 1)
        raise SyntaxFailure(f"line {line}:{column}: mismatched input '{found.get('highlight') or '<EOF>'}'") from error
    except (SqlglotError, RecursionError) as error:
        raise SyntaxFailure(f"line 1:1: {str(error).splitlines()[0]}") from error
    if len(trees) != 1 or trees[0] is None:
        raise SyntaxFailure("Only one sql statement is allowed. Got: " + text[:200])
    tree = trees[0]
    if isinstance(tree, (exp.Alias, exp.Column)):  # no statement begins with this word
        raise _no_beginning(text)
    return _filled(tree, parameters or [])


def _no_beginning(text: str) -> SyntaxFailure:
    return SyntaxFailure(f"line 1:1: mismatched input '{text.split(maxsplit=1)[0]}'. Expecting: {_EXPECTED}")


def _filled(tree: exp.Expression, parameters: list[str]) -> exp.Expression:
    places = list(tree.find_all(exp.Placeholder, bfs=False))
    if len(places) != len(parameters):
        raise SyntaxFailure(f"Incorrect number of parameters: expected {len(places)} but found {len(parameters)}")
    for place, parameter in zip(places, parameters, strict=True):
        place.replace(sqlglot.parse_one(parameter, dialect="athena"))
    return tree


def _rows(tree: exp.Insert) -> exp.Query:
    """The rows of an INSERT, as a query."""
    rows = tree.expression
    if isinstance(rows, exp.Values):
        width = len(rows.expressions[0].expressions) if isinstance(rows.expressions[0], exp.Tuple) else 1
        names = [exp.to_identifier(f"c{number}") for number in range(width)]
        rows = rows.copy()
        rows.set("alias", exp.TableAlias(this=exp.to_identifier("rows"), columns=names))
        return exp.select(*(exp.column(name.name) for name in names)).from_(rows)
    if not isinstance(rows, exp.Query):
        raise SyntaxFailure("Queries of this type are not supported")
    return rows


def _unload_properties(clause: str | None) -> dict[str, object]:
    return _properties(_parsed(f"CREATE TABLE t {clause} AS SELECT 1", None)) if clause else {}


def _properties(tree: exp.Expression) -> dict[str, object]:
    found: dict[str, object] = {}
    for each in tree.args["properties"].expressions if tree.args.get("properties") else []:
        if isinstance(each, exp.FileFormatProperty):
            found["format"] = each.this.name
        elif isinstance(each, exp.PartitionedByProperty) and isinstance(each.this, exp.Array):
            found["partitioned_by"] = [key.name.lower() for key in each.this.expressions]
        elif isinstance(each, exp.Property) and type(each) is exp.Property:
            value = each.args["value"]
            found[each.name.lower()] = [key.name for key in value.expressions] if isinstance(value, exp.Array) else value.name
    return found
