"""The decisions that AWS's documentation publishes: reads them from ``published_decisions/``, and decides them as enforcement does.

A file has one guide, its pages, and their examples. An example has:

``about``
    What it is about, in our words.
``caller``
    ``user/NAME`` (by default ``user/ann``), ``role/NAME/SESSION``, ``root`` or ``service/PRINCIPAL``.
``tags``
    The caller's tags.
``identity``, ``boundary``, ``session``, ``endpoint``
    Statements of the caller's own policies, its permissions boundary and its session policy, and of the VPC endpoint's policy.
``resource``, ``key``, ``trust``
    Statements of the policy of a resource, of a KMS key or of a role. ``grants`` are those of the key.
``version``
    Of the policies; by default 2012-10-17.
``real``
    Whether the decisions are also made by a real local AWS.
``decisions``
    Lists of what the page states (``allowed``, ``explicitDeny``, ``implicitDeny``), action, resource and condition keys. Lists of actions
    and resources are that many decisions.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from course.localaws.core.call import Principal, root
from course.localaws.iam import authorization, policy
from course.localaws.iam.callers import Caller
from course.localaws.iam.policy import AuthorizationRequest, Policy
from course.localaws.iam.principals import Entity
from course.localaws.kms import policies as key_policies
from course.localaws.kms.store import Key

ACCOUNT = "123456789012"
FOLDER = Path(__file__).with_name("published_decisions")
NOW = 1_780_000_000.0
POLICIES = ("identity", "boundary", "session", "endpoint", "resource", "key", "trust")


@dataclass(frozen=True)
class Published:
    """One decision: the result that the page states, and the request."""

    expected: str
    action: str
    resource: str
    keys: Mapping[str, list[str]]


@dataclass(frozen=True)
class Example:
    """One example of a page, with its policies as JSON texts."""

    guide: str
    page: str
    url: str
    about: str
    caller: str
    tags: Mapping[str, str]
    policies: Mapping[str, str]
    grants: list[dict]
    decisions: tuple[Published, ...]
    real: bool

    @property
    def where(self) -> str:
        return f'"{self.page}", {self.guide} ({self.url}): {self.about}'

    def parsed(self, kind: str) -> Policy | None:
        return policy.parse(kind, self.policies[kind]) if kind in self.policies else None


def examples() -> list[Example]:
    return [
        _example(document, page, entry)
        for path in sorted(FOLDER.glob("*.yaml"))
        for document in [yaml.safe_load(path.read_text(encoding="utf-8"))]
        for page in document["pages"]
        for entry in page["examples"]
    ]


def _example(document: dict, page: dict, entry: dict) -> Example:
    version = entry.get("version", "2012-10-17")
    texts = {kind: json.dumps({"Version": version, "Statement": entry[kind]}) for kind in POLICIES if kind in entry}
    unknown = set(entry) - {*POLICIES, "about", "caller", "tags", "version", "grants", "real", "decisions"}
    assert not unknown, (page["page"], unknown)
    return Example(
        document["guide"],
        page["page"],
        document["site"] + page["url"],
        entry["about"],
        entry.get("caller", "user/ann"),
        entry.get("tags", {}),
        texts,
        entry.get("grants", []),
        tuple(decision for listed in entry["decisions"] for decision in _decisions(*listed)),
        entry.get("real", False),
    )


def _decisions(expected: str, actions: Any, resources: Any = "*", keys: dict | None = None) -> Iterator[Published]:
    found = {name: [_text(each) for each in _list(value)] for name, value in (keys or {}).items()}
    for action, resource in itertools.product(_list(actions), _list(resources)):
        yield Published(expected, action, resource, found)


def _list(value: Any) -> list:
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def decided(example: Example, asked: Published) -> str:
    """The decision of the engine, by the calls that `course.localaws.iam.authorization` and `course.localaws.iam.sts` make."""
    trust, key = example.parsed("trust"), _key(example, asked.action)
    if example.caller.startswith("service/"):
        names = {"Service": frozenset({example.caller.partition("/")[2]})}
        request = AuthorizationRequest(asked.action, asked.resource, asked.keys, names)
        return policy.evaluate(request, [trust] if trust else [], resource_policy=example.parsed("resource") or key).effect
    caller = _caller(example)
    request = caller.request(asked.action, asked.resource, authorization.service_keys(caller, NOW) | asked.keys)
    if trust and not (trusted := policy.evaluate(request, [trust])).allowed:
        return trusted.effect
    found = caller.about(asked.action).evaluate(request, key or trust or example.parsed("resource"), delegated=key is not None)
    endpoint = example.parsed("endpoint")
    return policy.evaluate(request, [endpoint]).effect if endpoint and found.allowed else found.effect


def _caller(example: Example) -> Caller:
    kind, _, name = example.caller.partition("/")
    boundary, session = ((found,) if (found := example.parsed(each)) else None for each in ("boundary", "session"))
    if kind == "root":
        return Caller(Principal(ACCOUNT, root(ACCOUNT), "AKIA"), None, ACCOUNT)
    name, _, of_session = name.partition("/")
    arn = f"arn:aws:iam::{ACCOUNT}:{kind}/{name}"
    itself = f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{of_session}" if of_session else arn
    user_id = f"AROAEXAMPLE:{of_session}" if of_session else "AIDAEXAMPLE"
    context = {
        "aws:PrincipalArn": [arn],
        "aws:PrincipalAccount": [ACCOUNT],
        "aws:PrincipalType": ["AssumedRole" if of_session else "User"],
        **({} if of_session else {"aws:username": [name]}),
        **{f"aws:PrincipalTag/{tag}": [_text(value)] for tag, value in example.tags.items()},
    }
    own = example.parsed("identity")
    entity = Entity(kind, name, arn, user_id, (own,) if own else (), boundary, context)
    return Caller(Principal(ACCOUNT, itself, "AKIA"), entity, user_id, session)


def _key(example: Example, action: str) -> Policy | None:
    if "key" not in example.policies:
        return None
    text = example.policies["key"]
    key = Key(ACCOUNT, "us-east-1", "1", NOW, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", text, (), grants=tuple(example.grants))
    return key_policies.effective(key, action)
