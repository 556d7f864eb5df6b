"""Pages of documents that were chosen in memory, as `paging` makes them of the database's."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable, Iterable

from course.localaws.core.errors import AwsError
from course.localaws.core.resources import Document

DEFAULT_PAGE = 10


def page(
    documents: Iterable[Document], arn: str, value: Callable[[Document], float | str | None], params: dict
) -> tuple[list[Document], str | None]:
    """One page of documents in order, and the token of the next page or None.

    A document is shown once in pages of any size, even while others come and go: a token holds the place of the last one shown.

    Parameters
    ----------
    documents : iterable of dict
    arn : str
        The member that tells one from all others.
    value : callable
        What a document is sorted by; those of which it is None come last in either order.
    params : dict
        Of the request: ``SortOrder`` (``Descending`` when absent), ``MaxResults``, ``NextToken``; the token belongs to all others.

    Raises
    ------
    AwsError
        ``ValidationException`` for a token that is not one of ours or belongs to another query.
    """
    descending = params.get("SortOrder", "Descending") == "Descending"
    query = zlib.crc32(
        repr(sorted((name, repr(given)) for name, given in params.items() if name not in ("NextToken", "MaxResults"))).encode()
    )

    def place(document: Document) -> list:
        sorted_by = value(document)
        rank = (-1 if descending else 2) if sorted_by is None else int(isinstance(sorted_by, str))
        return [rank, 0 if sorted_by is None else sorted_by, document[arn]]

    placed = sorted(((place(document), document) for document in documents), key=lambda pair: pair[0], reverse=descending)
    if token := params.get("NextToken"):
        last = _read(token, query)
        placed = [pair for pair in placed if (pair[0] < last if descending else pair[0] > last)]
    limit = params.get("MaxResults", DEFAULT_PAGE)
    shown = placed[:limit]
    more = base64.urlsafe_b64encode(json.dumps([query, *shown[-1][0]]).encode()).decode() if len(placed) > limit else None
    return [document for _, document in shown], more


def _read(token: str, query: int) -> list:
    try:
        made_for, rank, value, arn = json.loads(base64.b64decode(token, "-_", validate=True))
        valid = made_for == query and isinstance(rank, int) and isinstance(arn, str)
        valid = valid and isinstance(value, str if rank == 1 else (int, float))
    except (ValueError, TypeError):
        valid = False
    if not valid:
        raise AwsError("ValidationException", "Invalid NextToken: it was not returned by this operation with these parameters.")
    return [rank, value, arn]
