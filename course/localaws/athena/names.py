"""The names of a result's columns: as the query writes them, and the catalog's lower-case names for ``*``.

"Athena will lowercase the name for you to run the query, but display the column heading using the casing that you chose in the query"
("Names for databases, tables, and columns" of the user guide, read 2026-11-28). ``DatasetBuilder`` of the SageMaker SDK lists features by
name, and so its table has the names of the features.
"""

from __future__ import annotations

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, build_scope

_WRITTEN = "written"


def remember(query: exp.Query) -> None:
    """Note how each name is written, before the query is normalized to lower case."""
    for identifier in query.find_all(exp.Identifier):
        identifier.meta[_WRITTEN] = identifier.this


def restore(query: exp.Query) -> None:
    """Name the columns of a qualified query as they were written."""
    scope = build_scope(query)
    names = [_written(column, scope) for column in query.selects]
    for column, name in zip(query.selects, names, strict=True):
        if isinstance(column, exp.Alias):
            column.set("alias", exp.to_identifier(name, quoted=True))


def _written(column: exp.Expression, scope: Scope | None) -> str:
    alias = column.args.get("alias") if isinstance(column, exp.Alias) else None
    if alias is not None and _WRITTEN in alias.meta:
        return alias.meta[_WRITTEN]
    inner = column.unalias()
    if not isinstance(inner, exp.Column):
        return column.alias_or_name
    if _WRITTEN in inner.this.meta:
        return inner.this.meta[_WRITTEN]
    while scope is not None and scope.is_set_operation:
        scope = scope.set_operation_scopes[0]
    source = scope.sources.get(inner.table) if scope else None
    if isinstance(source, Scope):
        for each in source.expression.selects:
            if each.alias_or_name == inner.name:
                return _written(each, source)
    return column.alias_or_name
