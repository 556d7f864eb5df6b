"""Whom the policy of a topic lets do what: a small reading of policies, for the sample requests of services (m14_1_ex3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

LIKE = ("StringLike", "ArnLike", "ArnEquals", "StringEqualsIgnoreCase")
EQUAL = ("StringEquals",)
UNREAD = ("NotPrincipal", "NotAction", "NotResource")


class UnreadPolicy(Exception):
    """A policy has a part that is not read here; the message names it."""


@dataclass(frozen=True)
class Request:
    """A request of a service, or of an account, to a topic, with its condition keys in lower case."""

    principal: str
    action: str
    topic: str
    keys: dict[str, str]


def allowed(statements: Iterable[dict[str, Any]], request: Request) -> bool:
    """Whether a policy allows a request. Raises UnreadPolicy."""
    effects = [each.get("Effect") for each in statements if _applies(each, request)]
    return "Allow" in effects and "Deny" not in effects


def _applies(statement: dict[str, Any], request: Request) -> bool:
    for member in UNREAD:
        if member in statement:
            raise UnreadPolicy(member)
    condition = statement.get("Condition", {})
    if not isinstance(condition, dict) or not all(isinstance(keys, dict) for keys in condition.values()):
        raise UnreadPolicy("a Condition without operators and keys")
    return (
        _names(statement.get("Principal"), request.principal)
        and any(_like(request.action.lower(), each.lower()) for each in _listed(statement.get("Action")))
        and any(_like(request.topic, each) for each in _listed(statement.get("Resource")))
        and all(_holds(operator, keys, request) for operator, keys in condition.items())
    )


def _names(principal: Any, wanted: str) -> bool:
    if not isinstance(principal, dict):
        return "*" in _listed(principal)
    kind = "Service" if wanted.endswith(".amazonaws.com") else "AWS"
    return wanted in _listed(principal.get(kind)) or "*" in _listed(principal.get("AWS"))


def _holds(operator: str, keys: dict[str, Any], request: Request) -> bool:
    name, optional = operator.removesuffix("IfExists"), operator.endswith("IfExists")
    if name not in (*LIKE, *EQUAL):
        raise UnreadPolicy(operator)
    for key, values in keys.items():
        value = request.keys.get(key.lower())
        if value is None:
            if not optional:
                return False
        elif not any(_like(value, each) if name in LIKE else value == each for each in _listed(values)):
            return False
    return True


def _listed(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else [] if value is None else [str(value)]


def _like(value: str, pattern: str) -> bool:
    return fnmatchcase(value, pattern.replace("[", "[[]"))
