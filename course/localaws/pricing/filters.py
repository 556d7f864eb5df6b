"""The filters of GetProducts. A product matches if it matches all of them.

Matches AWS (API reference): the five types, and the fields. ANY_OF and NONE_OF have their values in one text, with commas. Differs from AWS
perhaps, since AWS does not document it: case counts, and a product without the field matches no filter, NONE_OF included.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

TYPES: dict[str, Callable[[str, str], bool]] = {
    "TERM_MATCH": lambda value, wanted: value == wanted,
    "EQUALS": lambda value, wanted: value == wanted,
    "CONTAINS": lambda value, wanted: wanted in value,
    "ANY_OF": lambda value, wanted: value in wanted.split(","),
    "NONE_OF": lambda value, wanted: value not in wanted.split(","),
}
"""Type -> whether a value of a product fits the ``Value`` of a filter."""


def matches(fields: Mapping[str, str], filters: list[dict]) -> bool:
    """Whether a product with these fields matches all filters of a request."""
    return all(each["Field"] in fields and TYPES[each["Type"]](fields[each["Field"]], each["Value"]) for each in filters)
