"""Pages of the List operations of EventBridge and its Scheduler."""

from __future__ import annotations

from collections.abc import Iterable

from course.localaws.core import paging

PAGE = 100


def page(member: str, documents: Iterable[dict], params: dict, limit: str, key: str = "Arn") -> dict:
    """One page of documents by name. Raises AwsError ``ValidationException`` for a wrong token.

    Parameters
    ----------
    member : str
        The member of the answer with the documents.
    limit : str
        The parameter with the length of a page.
    key : str
        The member that identifies a document.
    """
    asked = {name: value for name, value in params.items() if name != limit}
    asked |= {"MaxResults": params.get(limit, PAGE), "SortOrder": "Ascending"}
    shown, token = paging.page(documents, key, lambda document: document.get("Name"), asked)
    return {member: shown} | ({"NextToken": token} if token else {})
