"""The permissions that each operation of a service needs, from the ``permissions.yaml`` of the service's package.

``permissions.yaml`` has:

``prefix``
    The service's prefix in actions, e.g. ``"s3"``.
``resources``
    Template of an ARN -> operations that act on it. A template is a whole ARN, or the part after region and account. ``{Member}`` is
    replaced by a member of the request. An operation without a template acts on ``*``.
``actions``
    Action -> operations that need it, when the action and the operation have different names.

Source of all such tables: AWS's Service Authorization Reference.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from course.localaws.core.call import AwsRequest
from course.localaws.core.data_files import table
from course.localaws.iam.authorization import RequiredPermission

_MEMBER = re.compile(r"\{([^}]+)\}")


class PermissionTable:
    """The ``permissions.yaml`` of a service, which adds condition keys itself.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        document = table(path)
        self._prefix = document["prefix"]
        self._resources = by_operation(document["resources"])
        self._actions = by_operation(document.get("actions", {}))

    def required(self, call: AwsRequest, params: dict) -> Iterator[RequiredPermission]:
        """Returns the permissions that one call needs. The operation itself comes first."""
        prefix = f"arn:aws:{self._prefix}:{call.region}:{call.principal.account}:"
        for action in self._actions.get(call.operation, [call.operation]):
            templates = self._resources.get(call.operation, ())
            for arn in [arn for template in templates for arn in filled(template, params, prefix)] or ["*"]:
                yield RequiredPermission(f"{self._prefix}:{action}", arn)


def by_operation(entries: dict[str, list[str]]) -> dict[str, list[str]]:
    """Invert ``{entry: [operation, ...]}``."""
    turned: dict[str, list[str]] = {}
    for entry, operations in entries.items():
        for operation in operations:
            turned.setdefault(operation, []).append(entry)
    return turned


def filled(template: str, params: dict, prefix: str, lower: bool = False) -> Iterator[str]:
    """Fills a template with the values of a request. Returns several ARNs when a member is a list.

    Parameters
    ----------
    prefix : str
        Put before a template that is not a whole ARN.
    lower : bool
        Whether to write names in lower case, as SageMaker does.
    """
    choices = [values_at(params, path) for path in _members(template)]
    for values in itertools.product(*choices):
        if len(values) == 1 and values[0].startswith("arn:") and template.endswith("}"):
            yield values[0]
        else:
            # A member may hold an ARN. Its last part is the name.
            names = [value.rpartition("/")[2] if value.startswith("arn:") else value for value in values]
            parts = iter([name.lower() for name in names] if lower else names)
            yield ("" if template.startswith("arn:") else prefix) + _MEMBER.sub(lambda _, parts=parts: next(parts), template)


@cache
def _members(template: str) -> list[str]:
    """The members that a template of a ``permissions.yaml`` names."""
    return _MEMBER.findall(template)


def values_at(params: dict, path: str) -> list[str]:
    """Returns the values of a request's member as condition key values. A list on the path contributes all its elements.

    >>> values_at({"Groups": [{"Size": 1}, {"Size": 2}]}, "Groups.Size")
    ['1', '2']
    """
    found: list = [params]
    for member in path.split("."):
        found = [inner for each in found if isinstance(each, dict) and (inner := each.get(member)) is not None]
        found = [item for each in found for item in (each if isinstance(each, list) else [each])]
    return [str(value).lower() if isinstance(value, bool) else str(value) for value in found]
