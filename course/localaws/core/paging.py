"""Pages of a List operation: tokens, and pages of documents in memory.

A token holds the sort key of the last item shown, and a checksum of the query that it belongs to. So pages of any size show each item once,
even while items are created and deleted.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from course.localaws.core import json_text
from course.localaws.core.errors import AwsError, invalid

DEFAULT_PAGE = 10
T = TypeVar("T")


def checksum(query: object) -> int:
    """Identifies a query by its ``repr``."""
    return zlib.crc32(repr(query).encode())


def token(query: int, key: list) -> str:
    """The token of the page after the item with this sort key."""
    return base64.urlsafe_b64encode(json.dumps([query, *key]).encode()).decode()


def read_token(text: str, query: int, valid: Callable[[list], bool]) -> list:
    """The sort key in a token.

    Raises AwsError ``ValidationException`` when the token is not ours, belongs to another query, or its key is not ``valid``.
    """
    try:
        made_for, *key = json_text.load(base64.b64decode(text, "-_", validate=True))
        if made_for == query and valid(key):
            return key
    except (ValueError, TypeError):
        pass
    raise invalid("Invalid NextToken: it was not returned by this operation with these parameters.")


def page(documents: Iterable[dict], arn: str, value: Callable[[dict], float | str | None], params: dict) -> tuple[list[dict], str | None]:
    """One page of documents in order, and the token of the next page or None. Raises AwsError as `read_token` does.

    Parameters
    ----------
    documents : iterable of dict
    arn : str
        The member that identifies a document: an ARN or a number.
    value : callable
        From a document to what it is sorted by. Documents without a value (None) come last in either order.
    params : dict
        The request: ``SortOrder`` (default ``Descending``), ``MaxResults``, ``NextToken``. All other members identify the query.
    """
    descending = params.get("SortOrder", "Descending") == "Descending"
    query = _query(params, "MaxResults")

    def key(document: dict) -> list:
        sorted_by = value(document)
        rank = (-1 if descending else 2) if sorted_by is None else int(isinstance(sorted_by, str))
        return [rank, 0 if sorted_by is None else sorted_by, document[arn]]

    keyed = sorted(((key(document), document) for document in documents), key=lambda pair: pair[0], reverse=descending)
    if params.get("NextToken"):
        last = read_token(params["NextToken"], query, _is_key)
        keyed = [pair for pair in keyed if (pair[0] < last if descending else pair[0] > last)]
    limit = params.get("MaxResults", DEFAULT_PAGE)
    shown = keyed[:limit]
    following = token(query, shown[-1][0]) if len(keyed) > limit else None
    return [document for _, document in shown], following


def ordered_page(
    found: Sequence[tuple[str, T]], params: dict, default: int, limit_member: str = "MaxResults"
) -> tuple[list[T], str | None]:
    """One page of (key, document) pairs in their own order, and the token of the next page or None.

    If the last item that was shown is gone, the next page begins at its former place. Raises AwsError ``InvalidNextTokenException``.
    """
    query = _query(params, limit_member)
    start = _start(found, params["NextToken"], query) if params.get("NextToken") else 0
    shown = found[start : start + (params.get(limit_member) or default)]
    more = start + len(shown) < len(found)
    return [document for _, document in shown], token(query, [start + len(shown), shown[-1][0]]) if more else None


def _query(params: dict, limit_member: str) -> int:
    """Identifies a query by the parameters that all its pages have in common."""
    return checksum(sorted((name, repr(given)) for name, given in params.items() if name not in ("NextToken", limit_member)))


def _start(found: Sequence[tuple[str, T]], text: str, query: int) -> int:
    try:
        place, last = read_token(text, query, lambda key: len(key) == 2 and isinstance(key[0], int))
    except AwsError as error:
        raise AwsError("InvalidNextTokenException", error.message) from None
    return next((index + 1 for index, (key, _) in enumerate(found) if key == last), place)


def _is_key(key: list) -> bool:
    rank, value, arn = key
    return isinstance(rank, int) and isinstance(arn, str | int) and isinstance(value, str if rank == 1 else (int, float))
