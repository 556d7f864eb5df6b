"""Conditional requests (RFC 9110 section 13, as S3 applies it) and ranges."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from course.localaws.core.errors import AwsError
from course.localaws.s3.objects import Condition, StoredObject, no_such_key


class NotModified(Exception):
    """The client of a GET or HEAD already has the object: status 304, no body."""


def check_read(params: dict, found: StoredObject) -> None:
    """Checks the conditions of a GET or HEAD. Raises `NotModified`, or `AwsError` ``PreconditionFailed``."""
    failed = _failed(found, *(params.get(name) for name in ("IfMatch", "IfNoneMatch", "IfModifiedSince", "IfUnmodifiedSince")))
    if failed in ("If-None-Match", "If-Modified-Since"):
        raise NotModified
    if failed:
        raise precondition_failed(failed)


def check_copy_source(params: dict, found: StoredObject) -> None:
    """Checks the conditions on the source of a copy. Raises `AwsError` ``PreconditionFailed``."""
    names = ("CopySourceIfMatch", "CopySourceIfNoneMatch", "CopySourceIfModifiedSince", "CopySourceIfUnmodifiedSince")
    if failed := _failed(found, *(params.get(name) for name in names)):
        raise precondition_failed(f"x-amz-copy-source-{failed}")


def write_condition(params: dict, key: str) -> Condition | None:
    """The condition that the existing object must meet for a write or a delete, or None if the request has no condition.

    Raises ``NotImplemented`` for an ``If-None-Match`` other than ``*``: S3 supports no other value on writes.
    """
    match, none_match = params.get("IfMatch"), params.get("IfNoneMatch")
    if none_match not in (None, "*"):
        message = "A header you provided implies functionality that is not implemented"
        raise AwsError("NotImplemented", message, status=501, Header="If-None-Match")
    if match is None and none_match is None:
        return None

    def check(present: StoredObject | None) -> None:
        if none_match and present:
            raise precondition_failed("If-None-Match")
        if match and present is None:
            raise no_such_key(key)
        if match and present and not _matches(match, present.etag):
            raise precondition_failed("If-Match")

    return check


def precondition_failed(condition: str) -> AwsError:
    message = "At least one of the pre-conditions you specified did not hold"
    return AwsError("PreconditionFailed", message, status=412, Condition=condition)


def _failed(found: StoredObject, match: str | None, none_match: str | None, since: str | None, unmodified: str | None) -> str | None:
    """The name of the condition that fails, or None. A condition on the ETag overrides the matching condition on the time."""
    if match is not None:
        if not _matches(match, found.etag):
            return "If-Match"
    elif unmodified is not None and (limit := _seconds(unmodified)) is not None and found.modified > limit:
        return "If-Unmodified-Since"
    if none_match is not None:
        if _matches(none_match, found.etag):
            return "If-None-Match"
    elif since is not None and (limit := _seconds(since)) is not None and found.modified <= limit:
        return "If-Modified-Since"
    return None


def _matches(header: str, etag: str) -> bool:
    return any(one in ("*", etag) for one in (part.strip().removeprefix("W/").strip('"') for part in header.split(",")))


def _seconds(date: str) -> float | None:
    """An HTTP date in Unix seconds, or None if it is not a date. The condition is then ignored."""
    try:
        return parsedate_to_datetime(date).timestamp()
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class ByteRange:
    """``length`` bytes, starting at byte ``start``."""

    start: int
    length: int

    def content_range(self, size: int) -> str:
        return f"bytes {self.start}-{self.start + self.length - 1}/{size}"


_RANGE = re.compile(r"bytes=(?:(\d+)-(\d*)|-(\d+))")


def byte_range(header: str | None, size: int) -> ByteRange | None:
    """The part of an object of ``size`` bytes that a ``Range`` header requests.

    None means the whole object: there is no header, or S3 ignores it (several ranges, another unit, end before start).
    Raises ``InvalidRange`` if the range contains no byte of the object.
    """
    match = _RANGE.fullmatch(header.strip()) if header else None
    if match is None:
        return None
    first, last, suffix = match.groups()
    if first and last and int(last) < int(first):
        return None
    start = int(first) if first else max(0, size - int(suffix))
    end = min(int(last), size - 1) if last else size - 1
    if start > end:
        message = "The requested range is not satisfiable"
        raise AwsError("InvalidRange", message, status=416, RangeRequested=header, ActualObjectSize=size)
    return ByteRange(start, end - start + 1)
