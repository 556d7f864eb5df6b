"""Tags of buckets and objects, from an XML tag set or the ``x-amz-tagging`` header."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from course.localaws.core.errors import AwsError

# Letters, digits, spaces and + - = . _ : / @ (S3 User Guide, "Categorizing your objects using tags")
_CHARACTERS = re.compile(r"[\w\s+\-=.:/@]*")


def checked_tags(tag_set: list[dict], most: int = 10) -> dict[str, str]:
    """A tag set as a dict. Raises ``BadRequest`` (too many tags) and ``InvalidTag``."""
    if len(tag_set) > most:
        what = "Object" if most == 10 else "Bucket"
        raise AwsError("BadRequest", f"{what} tags cannot be greater than {most}")
    tags: dict[str, str] = {}
    for tag in tag_set:
        key, value = tag["Key"], tag["Value"]
        if key in tags:
            raise AwsError("InvalidTag", "Cannot provide multiple Tags with the same key", TagKey=key)
        if not 1 <= len(key) <= 128 or not _CHARACTERS.fullmatch(key):
            raise AwsError("InvalidTag", "The TagKey you have provided is invalid", TagKey=key)
        if len(value) > 256 or not _CHARACTERS.fullmatch(value):
            raise AwsError("InvalidTag", "The TagValue you have provided is invalid", TagKey=key, TagValue=value)
        if key.lower().startswith("aws:"):
            raise AwsError("InvalidTag", "System tags cannot be added/updated by requester", TagKey=key)
        tags[key] = value
    return tags


def header_tags(header: str | None) -> dict[str, str]:
    """``"a=1&b=2"`` as a dict. Raises the same errors as `checked_tags`."""
    pairs = parse_qsl(header or "", keep_blank_values=True)
    return checked_tags([{"Key": key, "Value": value} for key, value in pairs])


def tag_set(tags: dict[str, str]) -> list[dict]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
