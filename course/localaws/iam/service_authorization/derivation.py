"""Derives from botocore's models which members of a request name its resources.

Source of the names: the formats of ARNs in `reference`, and the convention of AWS's APIs that the member for a resource has the name of the
resource's type or of the variable in its ARN, perhaps with ``Name``, ``Id``, ``Identifier`` or ``Arn`` after it. What this does not find,
`operations.yaml` says.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass

from botocore.model import Shape

from course.localaws.iam.service_authorization.reference import Action, Reference, ResourceType
from course.localaws.iam.service_authorization.templates import ANY, Template

# Members that hold the ARN of a resource of any type, in plain form.
_GENERAL = ("resourcearn", "arn", "resourcearnlist", "resourcearns", "resource", "resourceidentifier")
_SUFFIXES = ("", "name", "id", "identifier", "s", "names", "ids", "identifiers", "list")
_ARN_SUFFIXES = ("arn", "arns", "arnlist")
_ENDINGS = re.compile(r"(withpath|name|identifier|id|arn)$")


@dataclass(frozen=True, slots=True)
class Derived:
    """The resources of an operation.

    Attributes
    ----------
    templates : tuple of Template
        Empty: the action is asked on ``*``.
    unnamed : tuple of str
        The required resource types that no member of the request names. Their templates have ``*`` instead.
    """

    templates: tuple[Template, ...]
    unnamed: tuple[str, ...] = ()


def derived(operation: str, shape: Shape | None, action: Action, page: Reference, ignored: Container[str] = ()) -> Derived:
    """The resources of an operation, whose action is ``action``.

    Parameters
    ----------
    shape : Shape or None
        Of its input.
    ignored : container of str
        Types of resources that a request cannot name here.
    """
    if not action.resources:
        return Derived(())
    members = {_plain(name): name for name, member in (shape.members if shape else {}).items() if _holds_text(member)}
    needed = {_plain(name) for name in (shape.required_members if shape else ())}
    own_names = {name for name in ("name", "names", "id", "ids", "identifier", "identifiers") if name not in needed}
    members = {name: member for name, member in members.items() if name not in own_names}  # else it is an attribute, e.g. a new name
    kinds = [page.resources[name] for name in action.resources if name in page.resources and name not in ignored]
    kinds.sort(key=lambda kind: len(kind.variables))  # a refusal names the outer resource first
    if general := next((members[name] for name in _GENERAL if name in members), None):
        return Derived((Template((f"{{{general}}}",)),))
    found, unnamed = [], []
    for kind in kinds:
        choices = list(_choices(operation, kind, members))
        if not choices and kind.name not in action.required:
            continue
        if not choices and kind.variables:
            unnamed.append(kind.name)
        if kind.name in action.required or not kind.variables:
            choices.append(_filled(kind, _chosen(kind.variables, members)))
        found.append(Template(tuple(dict.fromkeys(choices)), kind.name in action.required))
    return Derived(tuple(dict.fromkeys(found)), tuple(unnamed))


def _choices(operation: str, kind: ResourceType, members: dict[str, str]) -> Iterator[str]:
    """Templates of a type, the ARN first. None when no member names its last part."""
    if not kind.variables:
        return
    stems = dict.fromkeys((_stem(kind.variables[-1]), _plain(kind.name)))
    if arn := next((members[stem + suffix] for stem in stems for suffix in _ARN_SUFFIXES if stem + suffix in members), None):
        yield f"{{{arn}}}"
    *outer, last = kind.variables
    chosen = _chosen(outer, members)
    names = _candidates(last, [*stems, *_bare(operation, stems)])
    own = next((member for each in names if (member := members.get(each)) and member not in chosen.values()), None)
    if own or _plain(last) == "id" and chosen:  # an id that AWS made comes last in the ARN, after the name
        yield _filled(kind, chosen | ({last: own} if own else {}))


def _chosen(variables: Iterable[str], members: dict[str, str]) -> dict[str, str]:
    found = {name: next((members[each] for each in _candidates(name, ()) if each in members), None) for name in variables}
    return {name: member for name, member in found.items() if member}


def _filled(kind: ResourceType, chosen: dict[str, str]) -> str:
    return re.sub(r"\$\{(\w+)\}", lambda match: _filler(match[1], chosen), kind.arn)


def _filler(variable: str, chosen: dict[str, str]) -> str:
    if variable in ("Region", "Account"):
        return f"${{{variable}}}"
    return f"{{{chosen[variable]}}}" if variable in chosen else ANY


def _candidates(variable: str, stems: Iterable[str]) -> Iterator[str]:
    """Names of members, in plain form, that may hold a variable's value. The most likely comes first."""
    yield _plain(variable)
    for stem in (_stem(variable), *stems):
        yield from (stem + suffix for suffix in _SUFFIXES if stem or suffix in ("name", "id", "identifier"))


def _bare(operation: str, stems: Iterable[str]) -> list[str]:
    """An empty stem, for ``Name`` and ``Id``, when the operation's own name has the resource's."""
    return [""] if any(stem and stem in operation.lower() for stem in stems) else []


def _stem(variable: str) -> str:
    return _ENDINGS.sub("", _plain(variable)) or _plain(variable)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _holds_text(shape: Shape) -> bool:
    return shape.type_name == "string" or (shape.type_name == "list" and shape.member.type_name == "string")
