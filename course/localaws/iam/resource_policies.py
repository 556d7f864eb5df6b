"""Checks of the principals that a resource policy, or a grant of KMS, names."""

from __future__ import annotations

import re
from collections.abc import Callable

from course.localaws.iam.policy import PolicyStatement

Exists = Callable[[str], bool]  # ARN -> whether there is such a user or role

_ENTITY = re.compile(r"arn:aws:iam::\d{12}:(user|role)/.+")


def names_known_principals(statement: PolicyStatement, exists: Exists) -> bool:
    """Whether the users and roles that a statement names exist, and no name but ``"*"`` has a wildcard."""
    names = (statement.principals or {}).get("AWS", ())
    return all(name == "*" or ("*" not in name and is_known(name, exists)) for name in names)


def is_known(name: str, exists: Exists) -> bool:
    """Whether a user or role exists. Other principals, e.g. accounts and sessions, are not checked."""
    return _ENTITY.fullmatch(name) is None or exists(name)
