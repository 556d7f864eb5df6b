"""Reads the members of a request that a learner wrote, of which nothing is certain."""

from __future__ import annotations

from typing import Any


def member_at(request: Any, *path: str) -> Any:
    """The member at a path of names, e.g. ``member_at(channel, "DataSource", "S3DataSource", "S3Uri")``.

    None where a member is missing, or something else than a dict stands on the way to it.
    """
    for name in path:
        request = request.get(name) if isinstance(request, dict) else None
    return request
