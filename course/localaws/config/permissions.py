"""What Config knows of its resources when a caller's policies are checked: the rules that a request names, and their tags."""

from __future__ import annotations

from course.localaws.config.store import RuleStore
from course.localaws.core.call import AwsRequest
from course.localaws.iam.service_authorization.permissions import ServiceRecords

_OF_RULES = frozenset({"DeleteConfigRule", "DeleteEvaluationResults", "GetComplianceDetailsByConfigRule", "PutConfigRule",
                       "StartConfigRulesEvaluation"})  # fmt: skip


def records(store: RuleStore) -> ServiceRecords:
    """The records for `ServicePermissions`. Those of aggregators and other resources are moto's, and not known here."""

    def resources(call: AwsRequest, params: dict) -> list[str] | None:
        if call.operation not in _OF_RULES:
            return None
        given = params.get("ConfigRule", {})
        names = params.get("ConfigRuleNames") or [params.get("ConfigRuleName") or given.get("ConfigRuleName", "")]
        found = [rule for name in names if (rule := store.get(call.region, name))]
        return [rule.arn for rule in found] or [f"arn:aws:config:{call.region}:{call.principal.account}:config-rule/*"]

    def tags(arn: str) -> dict[str, str] | None:
        if ":config-rule/" not in arn:
            return None
        region = arn.split(":")[3]
        found = next((rule for rule in store.rules(region) if rule.arn == arn), None)
        return {tag["Key"]: tag["Value"] for tag in found.tags} if found else {}

    return ServiceRecords(resources=resources, tags=tags)
