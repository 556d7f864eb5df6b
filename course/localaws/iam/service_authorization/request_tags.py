"""The tags in a request, whatever form a service gives them: ``aws:RequestTag`` and ``aws:TagKeys``."""

from __future__ import annotations

from collections.abc import Iterator

from course.localaws.iam.authorization import ConditionKeys

TAGS = frozenset({"tags", "taglist", "tagset", "tagstoadd", "tagging", "resourcetags"})  # members in lower case, without "_" and "-"
TAG_KEYS = frozenset({"tagkeys", "tagkeylist", "tagstoremove", "tagkeystoremove"})
_SPECIFICATIONS = frozenset({"tagspecifications", "tagspecification"})  # of EC2: tags for each type of the new resources
_NAMES, _VALUES = ("Key", "key", "TagKey", "tagKey"), ("Value", "value", "TagValue", "tagValue")


def keys(params: dict) -> ConditionKeys:
    """The condition keys of the tags in a request."""
    tags: dict[str, str] = {}
    removed: list[str] = []
    for member, value in params.items():
        name = member.lower().replace("_", "").replace("-", "")
        if name in TAGS:
            tags |= dict(_tags(value))
        elif name in _SPECIFICATIONS and isinstance(value, list):
            tags |= {key: text for each in value if isinstance(each, dict) for key, text in _tags(each.get("Tags"))}
        elif name in TAG_KEYS and isinstance(value, list):
            removed += [str(each) for each in value]
    names = [*tags, *removed]
    return {f"aws:RequestTag/{name}": [value] for name, value in tags.items()} | ({"aws:TagKeys": names} if names else {})


def _tags(value: object) -> Iterator[tuple[str, str]]:
    """The tags of a map, or of a list of structures with a key and a value."""
    if isinstance(value, dict):
        yield from ((str(name), str(text)) for name, text in value.items() if isinstance(text, str))
    for each in value if isinstance(value, list) else ():
        if isinstance(each, dict) and (name := next((each[key] for key in _NAMES if key in each), None)) is not None:
            yield str(name), str(next((each[key] for key in _VALUES if key in each), ""))
