"""AWS's Service Authorization Reference: actions, resource types and condition keys of each service, from the files in `data`.

Each file says when it was taken, and from which release of the package. `build` writes them. A file is read when its service is first used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DATA = Path(__file__).with_name("data")
INDEX = "services.json"
_VARIABLE = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A type of resource.

    Attributes
    ----------
    arn : str
        Its format: ``"arn:aws:sns:${Region}:${Account}:${TopicName}"``.
    keys : frozenset of str
        Condition keys that the resource itself supplies, as `Action`'s.
    """

    name: str
    arn: str
    keys: frozenset[str]

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables of the format, without region and account."""
        return tuple(name for name in _VARIABLE.findall(self.arn) if name not in ("Region", "Account"))


@dataclass(frozen=True, slots=True)
class Action:
    """An action.

    Attributes
    ----------
    name : str
        Without the prefix: ``"Publish"``.
    resources : tuple of str
        Names of the resource types that a policy may name for it. Empty: it is asked on ``*``.
    required : frozenset of str
        Those of the types of which every request names one.
    keys : frozenset of str
        The condition keys of its requests, in lower case, besides those of its resources. One that ends with ``/`` has a name after it.
    also : tuple of str
        Other actions that the caller needs: ``("iam:PassRole",)``.
    """

    name: str
    resources: tuple[str, ...]
    required: frozenset[str]
    keys: frozenset[str]
    also: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """The page of one service.

    Attributes
    ----------
    keys : frozenset of str
        All condition keys of the service, as `Action`'s.
    actions : dict
        Name in lower case -> action: IAM ignores the case of actions.
    """

    prefix: str
    keys: frozenset[str]
    resources: dict[str, ResourceType]
    actions: dict[str, Action]


@dataclass(frozen=True, slots=True)
class ServedService:
    """A signing name: the prefix of its actions, and botocore's models that sign with it."""

    prefix: str
    models: tuple[str, ...]


@cache
def services() -> dict[str, ServedService]:
    """Signing name in lower case -> service."""
    return {name.lower(): ServedService(each["prefix"], tuple(each["models"])) for name, each in _read(INDEX)["services"].items()}


@cache
def reference(prefix: str) -> Reference:
    """The page of a service. One that has no page has no actions and no keys."""
    if f"{prefix}.json" not in _files():
        return Reference(prefix, frozenset(), {}, {})
    document = _read(f"{prefix}.json")
    resources = {name: ResourceType(name, arn, _keys(keys)) for name, (arn, keys) in document["resources"].items()}
    actions = {name.lower(): _action(name, *entry) for name, entry in document["actions"].items()}
    return Reference(prefix, _keys(document["keys"]), resources, actions)


def _action(name: str, kinds: list[str], keys: list[str], also: list[str]) -> Action:
    required = frozenset(kind[:-1] for kind in kinds if kind.endswith("*"))
    return Action(name, tuple(kind.removesuffix("*") for kind in kinds), required, _keys(keys), tuple(also))


def _keys(names: list[str]) -> frozenset[str]:
    return frozenset(name.lower() for name in names)


def _read(name: str) -> dict:
    return json.loads((DATA / name).read_text(encoding="utf-8"))


@cache
def _files() -> frozenset[str]:
    return frozenset(path.name for path in DATA.glob("*.json"))


def in_order(models: Iterable[str], service: str) -> list[str]:
    """The models of a signing name, that of its own name first: DocumentDB signs as ``rds`` and has some of its operations."""
    return sorted(models, key=lambda name: name != service.lower())
