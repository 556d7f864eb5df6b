"""Rules about customer managed policies of IAM. IAM is global; Config shows its resources in each region in which a rule is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from course.localaws.config.checks import Finding, finding
from course.localaws.iam import policy
from course.localaws.iam.policy import PolicyError, PolicyStatement
from course.localaws.platform import Platform

POLICY = "AWS::IAM::Policy"


def no_admin_statements(platform: Platform, region: str, parameters: Mapping[str, str]) -> Iterator[Finding]:
    """NON_COMPLIANT if the default version of a policy has a statement that allows ``*`` on ``*``. The resource id is the policy's id."""
    skips_boundaries = parameters.get("excludePermissionBoundaryPolicy", "").lower() == "true"
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


def _default_document(record: Any) -> str:
    return next(version.document for version in record.versions if version.is_default)


def _is_admin(text: str) -> bool:
    try:
        return any(map(_allows_everything, policy.parse("the policy", text).statements))
    except PolicyError:
        return False


def _allows_everything(statement: PolicyStatement) -> bool:
    actions = () if statement.not_actions else statement.actions
    resources = () if statement.not_resources else statement.resources
    return statement.allows and "*" in actions and "*" in resources
