"""The condition keys of a service, from the ``condition_keys.yaml`` of its package.

``condition_keys.yaml`` has:

``members``
    Condition key -> the member of requests with its value.
``computed``
    Keys of which the service's package finds the values. ``*`` at the end stands for any name.
``never``
    Keys that no request has here.
"""

from __future__ import annotations

from pathlib import Path

from course.localaws.core.data_files import table
from course.localaws.iam.authorization import ConditionKeys
from course.localaws.iam.service_authorization import request_tags

_TAGS = ("aws:resourcetag/", "aws:requesttag/", "aws:tagkeys")


class ConditionKeyTable:
    """The ``condition_keys.yaml`` of a service.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        document = table(path)
        self._members: dict[str, str] = document["members"]
        names = [name.lower() for name in (*self._members, *document["computed"], *document["never"])]
        self._known = frozenset(names)
        self._prefixes = tuple(name[:-1] for name in names if name.endswith("*"))

    def of_request(self, params: dict) -> ConditionKeys:
        """The condition keys of the members and of the tags of a request."""
        found = {name: texts(params[member]) for name, member in self._members.items() if params.get(member) is not None}
        return found | request_tags.keys(params)

    def is_absent(self, key: str) -> bool:
        """Whether a key (in lower case) that a request does not have is really absent, and not unknown."""
        return key in self._known or key.startswith((*_TAGS, *self._prefixes))


def texts(value: object) -> list[str]:
    """A value, or the values of a list, as a condition key has them."""
    values = value if isinstance(value, list) else [value]
    return [str(each).lower() if isinstance(each, bool) else str(each) for each in values]
