"""Pages of the List operations of EventBridge and its Scheduler."""

from __future__ import annotations

from course.localaws.core.errors import invalid

PAGE = 100


def page(member: str, items: list, params: dict, limit: str) -> dict:
    """One page of a list. ``limit`` names the parameter with its length. Raises AwsError ``ValidationException`` for a wrong token."""
    token = params.get("NextToken", "0")
    if not token.isdecimal():
        raise invalid("Invalid NextToken: it was not returned by this operation.")
    end = int(token) + params.get(limit, PAGE)
    return {member: items[int(token) : end]} | ({"NextToken": str(end)} if end < len(items) else {})
