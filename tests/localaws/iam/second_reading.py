"""A second reading of IAM's evaluation logic, written from AWS's documentation and not from our code: slow, plain, on the JSON itself.

Sources: "Determining whether a request is allowed or denied within an account", "Grammar of the IAM JSON policy language", "IAM JSON policy
elements: Condition operators", "Multivalued context keys" and "Variables and tags", IAM User Guide.
"""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Context = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Asked:
    """A request: the action, the resource, its context keys, and who asks: a session of a role."""

    action: str
    resource: str
    context: Context
    session: str
    role: str
    account: str
    context_lower: dict[str, Sequence[str]] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "context_lower", {name.lower(): values for name, values in self.context.items()})


def decision(asked: Asked, identity: Sequence[dict], boundary: dict | None, sessions: dict | None, resource: dict | None) -> str:
    """``"allowed"``, ``"explicitDeny"`` or ``"implicitDeny"``; each policy is a document."""
    every = [*identity, *(each for each in (boundary, sessions, resource) if each)]
    if any(_has(each, "Deny", asked) for each in every):
        return "explicitDeny"
    if resource and boundary is not None and any(_denies_whatever_it_excepts(each, asked) for each in resource["Statement"]):
        return "explicitDeny"
    if resource and _allows_whom(resource, asked, {asked.session, "*"}):  # the session itself or everybody is named: nothing else is asked
        return "allowed"
    granted = any(_has(each, "Allow", asked) for each in identity)
    granted = granted or bool(resource and _allows_whom(resource, asked, {asked.role}, excepting=True))
    within = all(_has(limit, "Allow", asked) for limit in (boundary, sessions) if limit is not None)
    return "allowed" if granted and within else "implicitDeny"


def _denies_whatever_it_excepts(statement: dict, asked: Asked) -> bool:
    """Whether this is a deny with ``NotPrincipal``, which denies every caller with a permissions boundary."""
    if statement["Effect"] == "Allow" or "NotPrincipal" not in statement:
        return False
    return _applies({name: value for name, value in statement.items() if name != "NotPrincipal"}, asked)


def _allows_whom(document: dict, asked: Asked, names: set[str], excepting: bool = False) -> bool:
    """Whether a statement that names one of these allows the request; if ``excepting``, also one that names everybody else."""
    for statement in document["Statement"]:
        if statement["Effect"] == "Allow" and _applies(statement, asked):
            if "NotPrincipal" in statement:
                if excepting:
                    return True
            elif _principals(statement["Principal"]) & names:
                return True
    return False


def _has(document: dict, effect: str, asked: Asked) -> bool:
    return any(statement["Effect"] == effect and _applies(statement, asked) for statement in document["Statement"])


def _applies(statement: dict, asked: Asked) -> bool:
    if not (_names_action(statement, asked) and _names_resource(statement, asked) and _names_principal(statement, asked)):
        return False
    return all(
        _holds(operator, key, _list(values), asked)
        for operator, keys in statement.get("Condition", {}).items()
        for key, values in keys.items()
    )


def _names_action(statement: dict, asked: Asked) -> bool:
    wanted = asked.action.lower()
    if "NotAction" in statement:
        return not any(_like(pattern.lower(), wanted) for pattern in _list(statement["NotAction"]))
    return any(_like(pattern.lower(), wanted) for pattern in _list(statement["Action"]))


def _names_resource(statement: dict, asked: Asked) -> bool:
    name = "NotResource" if "NotResource" in statement else "Resource"
    found = []
    for pattern in _list(statement[name]):
        filled = _filled(pattern, asked)
        if filled is None:  # a variable without a value: the statement does not apply
            return False
        found.append(_like(filled, asked.resource))
    return any(found) != (name == "NotResource")


def _names_principal(statement: dict, asked: Asked) -> bool:
    mine = {asked.session, asked.role, asked.account, f"arn:aws:iam::{asked.account}:root", "*"}
    if "NotPrincipal" in statement:  # a deny excepts only the caller itself
        return not _principals(statement["NotPrincipal"]) & (mine if statement["Effect"] == "Allow" else {asked.session, "*"})
    return "Principal" not in statement or bool(_principals(statement["Principal"]) & mine)


def _principals(element: Any) -> set[str]:
    return {"*"} if element == "*" else set(_list(element.get("AWS", [])))


def _holds(operator: str, key: str, wanted: list, asked: Asked) -> bool:
    values = list(asked.context_lower.get(key.lower(), []))
    quantifier, _, name = operator.rpartition(":")
    if_exists, name = name.endswith("IfExists"), name.removesuffix("IfExists")
    if name == "Null":
        return any((text == "true") == (not values) for text in wanted)
    negated = "Not" in name
    test = _TESTS[name.replace("Not", "")]

    texts = [_filled(text, asked) for text in wanted]
    if None in texts:  # a variable without a value: the statement does not apply
        return False
    if not values:
        if not quantifier:
            return if_exists or negated
        return quantifier == "ForAllValues"
    found = [any(test(value, text) for text in texts) != negated for value in values]
    return any(found) if quantifier == "ForAnyValue" else all(found)


def _filled(text: str, asked: Asked) -> str | None:
    """The text with its variable, of which there is at most one, replaced; None if that has no value."""
    if "${" not in text:
        return text
    before, _, rest = text.partition("${")
    name, _, after = rest.partition("}")
    values = asked.context_lower.get(name.lower(), [])
    return f"{before}{values[0]}{after}" if len(values) == 1 else None


def _like(pattern: str, value: str) -> bool:
    """``*`` and ``?`` by their definition."""
    if not pattern:
        return not value
    if pattern[0] == "*":
        return _like(pattern[1:], value) or (bool(value) and _like(pattern, value[1:]))
    return bool(value) and pattern[0] in ("?", value[0]) and _like(pattern[1:], value[1:])


def _moment(text: str) -> float:
    return float(text) if text.isdigit() else datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


_TESTS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda value, text: value == text,
    "StringEqualsIgnoreCase": lambda value, text: value.lower() == text.lower(),
    "StringLike": lambda value, text: _like(text, value),
    "NumericEquals": lambda value, text: float(value) == float(text),
    "NumericLessThan": lambda value, text: float(value) < float(text),
    "NumericGreaterThanEquals": lambda value, text: float(value) >= float(text),
    "DateLessThan": lambda value, text: _moment(value) < _moment(text),
    "Bool": lambda value, text: value.lower() == text.lower(),
    "IpAddress": lambda value, text: ipaddress.ip_address(value) in ipaddress.ip_network(text, strict=False),
    "ArnLike": lambda value, text: _like(text, value),
}


def _list(value: Any) -> list:
    return value if isinstance(value, list) else [value]
