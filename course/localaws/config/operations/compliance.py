"""Operations on the compliance of rules and resources. Source: the API reference."""

from __future__ import annotations

from collections.abc import Iterable

from course.localaws.config.checks import COMPLIANT, NON_COMPLIANT
from course.localaws.config.operations.rules import Rules
from course.localaws.config.store import Result, Rule, RuleStore
from course.localaws.context import Context, Operation
from course.localaws.core import paging

PAGE, RULES_PAGE = 10, 25
CAP = 25  # counts of contributors are cut off here


class Compliance:
    """The operations."""

    def __init__(self, store: RuleStore, rules: Rules) -> None:
        self._store, self._rules = store, rules

    def operations(self) -> dict[str, Operation]:
        return {
            "DescribeComplianceByConfigRule": self.by_rule,
            "DescribeComplianceByResource": self.by_resource,
            "GetComplianceDetailsByConfigRule": self.details_by_rule,
            "GetComplianceDetailsByResource": self.details_by_resource,
            "GetComplianceSummaryByConfigRule": self.summary,
        }

    def by_rule(self, context: Context, params: dict) -> dict:
        found = [(rule.name, _of_rule(rule)) for rule in self._rules.named(context, params)]
        wanted = params.get("ComplianceTypes")
        found = [pair for pair in found if not wanted or pair[1]["Compliance"]["ComplianceType"] in wanted]
        shown, following = paging.ordered_page(found, params, RULES_PAGE)
        return {"ComplianceByConfigRules": shown, "NextToken": following}

    def by_resource(self, context: Context, params: dict) -> dict:
        resources: dict[tuple[str, str], list[Result]] = {}
        for rule in self._store.rules(context.region):
            for result in rule.results:
                resources.setdefault((result.type, result.id), []).append(result)
        found = []
        for (kind, id), results in sorted(resources.items()):
            document = {"ResourceType": kind, "ResourceId": id, "Compliance": _together(results)}
            if _is_wanted(params, kind, id, document["Compliance"]["ComplianceType"]):
                found.append((f"{kind}/{id}", document))
        shown, following = paging.ordered_page(found, params, PAGE, "Limit")
        return {"ComplianceByResources": shown, "NextToken": following}

    def details_by_rule(self, context: Context, params: dict) -> dict:
        rule = self._rules.one(context, params["ConfigRuleName"])
        found = [(f"{each.type}/{each.id}", _detail(rule, each)) for each in rule.results if _is_wanted(params, "", "", each.compliance)]
        shown, following = paging.ordered_page(found, params, PAGE, "Limit")
        return {"EvaluationResults": shown, "NextToken": following}

    def details_by_resource(self, context: Context, params: dict) -> dict:
        found = [
            (f"{rule.name}/{each.type}/{each.id}", _detail(rule, each))
            for rule in self._store.rules(context.region)
            for each in rule.results
            if _is_wanted(params, each.type, each.id, each.compliance)
        ]
        shown, following = paging.ordered_page(found, params, PAGE)
        return {"EvaluationResults": shown, "NextToken": following}

    def summary(self, context: Context, params: dict) -> dict:
        """How many rules are compliant, and how many are not."""
        types = [_together(rule.results)["ComplianceType"] for rule in self._store.rules(context.region)]
        counts = {COMPLIANT: types.count(COMPLIANT), NON_COMPLIANT: types.count(NON_COMPLIANT)}
        return {
            "ComplianceSummary": {
                "CompliantResourceCount": _capped(counts[COMPLIANT]),
                "NonCompliantResourceCount": _capped(counts[NON_COMPLIANT]),
                "ComplianceSummaryTimestamp": context.platform.clock.now(),
            }
        }


def _is_wanted(params: dict, kind: str, id: str, compliance: str) -> bool:
    """Whether a result is one of those that a request asks for."""
    return (
        params.get("ResourceType", kind) == kind
        and params.get("ResourceId", id) == id
        and compliance in (params.get("ComplianceTypes") or (compliance,))
    )


def _of_rule(rule: Rule) -> dict:
    return {"ConfigRuleName": rule.name, "Compliance": _together(rule.results)}


def _together(results: Iterable[Result]) -> dict:
    """The compliance of several results together, with how many are not compliant."""
    found = [each.compliance for each in results]
    if NON_COMPLIANT in found:
        return {"ComplianceType": NON_COMPLIANT, "ComplianceContributorCount": _capped(found.count(NON_COMPLIANT))}
    return {"ComplianceType": COMPLIANT if COMPLIANT in found else "INSUFFICIENT_DATA"}


def _capped(count: int) -> dict:
    return {"CappedCount": min(count, CAP), "CapExceeded": count > CAP}


def _detail(rule: Rule, result: Result) -> dict:
    qualifier = {"ConfigRuleName": rule.name, "ResourceType": result.type, "ResourceId": result.id, "EvaluationMode": "DETECTIVE"}
    return {
        "EvaluationResultIdentifier": {"EvaluationResultQualifier": qualifier, "OrderingTimestamp": result.recorded},
        "ComplianceType": result.compliance,
        "ResultRecordedTime": result.invoked,
        "ConfigRuleInvokedTime": result.invoked,
        **({"Annotation": result.annotation[:256]} if result.annotation else {}),
    }
