"""The actions, resources and passed roles of each operation: what `derivation` finds, with the exceptions in `operations.yaml`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from botocore.model import OperationModel, Shape

from course.localaws.core.data_files import table
from course.localaws.iam.authorization import Words
from course.localaws.iam.permissions import by_operation
from course.localaws.iam.service_authorization.derivation import derived
from course.localaws.iam.service_authorization.reference import Action, reference
from course.localaws.iam.service_authorization.templates import Template

PASS_ROLE = "iam:PassRole"
_DEEPEST = 4  # members on the way to a role


@dataclass(frozen=True, slots=True)
class OperationPermissions:
    """What the caller of an operation needs.

    Attributes
    ----------
    actions : tuple of str
        With prefix: ``("sns:Publish",)``.
    templates : tuple of Template
        The resources of the actions. Empty: ``*``.
    unnamed : tuple of str
        Types of the resources that no member of the request names.
    keys : frozenset of str
        Condition keys of the action, as `reference.Action`'s.
    known : bool
        Whether the Reference, or `operations.yaml`, has the operation. Otherwise the action has the operation's name.
    passed_roles : tuple of str
        Paths of the members with the roles that the service gets.
    """

    actions: tuple[str, ...]
    templates: tuple[Template, ...] = ()
    unnamed: tuple[str, ...] = ()
    keys: frozenset[str] = frozenset()
    known: bool = True
    passed_roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Exceptions:
    """The section of a service in `operations.yaml`, by operation."""

    actions: dict[str, list[str]] = field(default_factory=dict)
    resources: dict[str, list[str]] = field(default_factory=dict)
    passed_roles: dict[str, list[str]] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()
    service: str = ""
    words: Words | None = None
    unasked: frozenset[str] = frozenset()


@cache
def exceptions(prefix: str) -> Exceptions:
    """The exceptions of the service with a prefix of actions."""
    section = table(Path(__file__).with_suffix(".yaml")).get(prefix, {})
    words = section.get("words")
    return Exceptions(
        by_operation(section.get("actions", {})),
        by_operation(section.get("resources", {})),
        by_operation(section.get("passed_roles", {})),
        frozenset(section.get("ignored", ())),
        section.get("service", f"{prefix}.amazonaws.com"),
        Words(**words) if words else None,
        frozenset(section.get("unasked", ())),
    )


@cache
def permissions_of(prefix: str, name: str, model: OperationModel | None) -> OperationPermissions:
    """What the caller of an operation needs.

    Parameters
    ----------
    prefix : str
        The prefix of the service's actions.
    name : str
        The operation.
    model : OperationModel or None
        ``None`` for an operation that botocore does not know: it is asked on ``*``.
    """
    page, special = reference(prefix), exceptions(prefix)
    names = special.actions.get(name, [name])
    actions = [found for each in names if (found := page.actions.get(each.lower()))]
    shape = model.input_shape if model else None
    asked = tuple(f"{prefix}:{found.name if (found := page.actions.get(each.lower())) else each}" for each in names)
    templates, unnamed = _resources(prefix, name, shape, actions)
    return OperationPermissions(
        asked,
        templates,
        unnamed,
        frozenset().union(*(_keys(prefix, each) for each in actions)),
        bool(actions),
        _passed_roles(name, shape, actions, special),
    )


def _resources(prefix: str, name: str, shape: Shape | None, actions: list[Action]) -> tuple[tuple[Template, ...], tuple[str, ...]]:
    special = exceptions(prefix)
    written = special.resources.get(name)
    if written is not None:
        region = "" if prefix == "iam" else "${Region}"
        return tuple(Template.of(text, f"arn:aws:{prefix}:{region}:${{Account}}:") for text in written if text != "*"), ()
    found = [derived(name, shape, action, reference(prefix), special.ignored) for action in actions]
    templates = tuple(dict.fromkeys(each for one in found for each in one.templates))
    return templates, tuple(dict.fromkeys(each for one in found for each in one.unnamed))


def _keys(prefix: str, action: Action) -> frozenset[str]:
    """The keys of an action and of its resources."""
    kinds = reference(prefix).resources
    return action.keys.union(*(kinds[name].keys for name in action.resources if name in kinds))


def _passed_roles(name: str, shape: Shape | None, actions: list[Action], special: Exceptions) -> tuple[str, ...]:
    """Where the request names roles: as written, else every member that a role's ARN is in, when the action depends on iam:PassRole."""
    if name in special.passed_roles:
        return tuple(special.passed_roles[name])
    if shape is None or not any(PASS_ROLE in action.also for action in actions):
        return ()
    return tuple(_roles(shape, "", 0))


def _roles(shape: Shape, path: str, depth: int) -> Iterator[str]:
    if shape.type_name == "list":
        yield from _roles(shape.member, path, depth)
    elif shape.type_name == "structure" and depth < _DEEPEST:
        for name, member in shape.members.items():
            inner = f"{path}.{name}" if path else name
            if member.type_name == "string" and "role" in name.lower() and not name.lower().endswith("name"):
                yield inner
            else:
                yield from _roles(member, inner, depth + 1)
