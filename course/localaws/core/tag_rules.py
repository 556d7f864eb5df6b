"""The rules of tags: at most fifty per resource, and no keys that AWS reserves.

Source: https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html#id_tags_naming_best_practices
"""

from __future__ import annotations

from collections.abc import Iterable

from course.localaws.core.errors import invalid

MOST_TAGS = 50
RESERVED = "aws:"


def merged(present: Iterable[dict], added: Iterable[dict]) -> list[dict]:
    """The tags of a resource after some are added. An added value replaces the present one of its key.

    Raises AwsError ``ValidationException`` for a reserved or repeated key among the added tags, or for too many tags.
    """
    added = list(added)
    keys = [tag["Key"] for tag in added]
    for key in keys:
        if key.lower().startswith(RESERVED):
            raise invalid(f'Tag keys that begin with "{RESERVED}" are reserved for AWS: "{key}".')
    doubled = sorted({key for key in keys if keys.count(key) > 1})
    if doubled:
        raise invalid(f"Duplicate tag keys found: {', '.join(doubled)}. Give each key once.")
    tags = {tag["Key"]: tag["Value"] for tag in (*present, *added)}
    if len(tags) > MOST_TAGS:
        raise invalid(f"A resource can have at most {MOST_TAGS} tags; this would make {len(tags)}.")
    return [{"Key": key, "Value": value} for key, value in tags.items()]
