"""Rules about customer managed policies of IAM. IAM is global; Config shows its resources in each region in which a rule is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from course.localaws.config.checks import Finding, finding
from course.localaws.platform import Platform

POLICY = "AWS::IAM::Policy"


def no_admin_statements(platform: Platform, region: str, parameters: Mapping[str, str]) -> Iterator[Finding]:
    """NON_COMPLIANT if the default version of a policy has a statement that allows ``*`` on ``*``. The resource id is the policy's id."""
    skips_boundaries = (parameters.get("excludePermissionBoundaryPolicy") or "").lower() == "true"
    for id, name, document, is_boundary in platform.moto.run(lambda: _policies(platform)):
        if not (skips_boundaries and is_boundary):
            yield finding(POLICY, id, f"The policy {name} allows all actions on all resources." if _is_admin(document) else "")


def _policies(platform: Platform) -> list[tuple[str, str, str, bool]]:
    """Id, name, document, and whether it is a permissions boundary, of each customer managed policy. In moto's thread."""
    records = platform.moto.iam()
    entities = [*records.users.values(), *records.roles.values()]
    boundaries = {entity.permissions_boundary_arn for entity in entities}
    own = [each for each in records.managed_policies.values() if f":{platform.account}:policy/" in each.arn]
    return [(each.id, each.name, _default_document(each), each.arn in boundaries) for each in own]


def _default_document(policy: Any) -> str:
    return next(version.document for version in policy.versions if version.is_default)


def _is_admin(text: str) -> bool:
    try:
        statements = json.loads(text).get("Statement", [])
    except ValueError:
        return False
    statements = statements if isinstance(statements, list) else [statements]
    return any(
        each.get("Effect") == "Allow" and "*" in _values(each.get("Action")) and "*" in _values(each.get("Resource")) for each in statements
    )


def _values(element: object) -> list:
    return element if isinstance(element, list) else [element]
