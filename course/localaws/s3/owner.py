"""The owner of buckets and objects in responses."""

from __future__ import annotations

import hashlib

from course.localaws.context import Context


def owner(context: Context) -> dict:
    """The account's canonical user id, derived from its number: 64 hex digits, as on AWS."""
    return {"ID": hashlib.sha256(context.account.encode()).hexdigest()}
