"""Evaluates a rule, keeps its results, and tells EventBridge which resources have changed their compliance.

Source: "Evaluating resources with AWS Config rules" of the developer guide; the event's form from "Monitoring AWS Config with Amazon
EventBridge" and from published events.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from course.localaws.billing.usage import Item
from course.localaws.config.catalog import ManagedRule, managed_rule
from course.localaws.config.checks import Finding
from course.localaws.config.recorder import recorder
from course.localaws.config.store import Result, Rule, RuleStore
from course.localaws.platform import Platform

logger = logging.getLogger(__name__)


class Evaluator:
    """Evaluates rules. Methods wait for moto's thread."""

    def __init__(self, platform: Platform, store: RuleStore) -> None:
        self._platform, self._store = platform, store

    def evaluate(self, region: str, name: str) -> None:
        """Evaluate a rule now. A rule that is triggered by changes only keeps its results while nothing is recorded."""
        rule = self._store.get(region, name)
        if rule is None:
            return
        now = self._platform.clock.now()
        try:
            findings = self._findings(rule)
        except Exception as error:
            logger.exception("the evaluation of %s failed", rule.arn)
            failed = {"LastErrorCode": type(error).__name__, "LastErrorMessage": str(error)}
            self._keep(rule, {"LastFailedInvocationTime": now, "LastFailedEvaluationTime": now, **failed}, rule.results)
            return
        if findings is None:
            return
        results = tuple(_result(rule, each, now) for each in findings)
        succeeded = {"LastSuccessfulInvocationTime": now, "LastSuccessfulEvaluationTime": now, "FirstEvaluationStarted": True}
        if self._keep(rule, succeeded, results):
            changes = list(_changes(rule.results, results))
            self._meter(rule, len(changes) if managed_rule(rule.identifier).on_changes else len(results))
            for old, new in changes:
                self._publish(rule, old, new)

    def _findings(self, rule: Rule) -> list[Finding] | None:
        """What the rule finds now; ``None`` when it cannot be triggered."""
        managed = managed_rule(rule.identifier)
        recording = recorder(self._platform, rule.region)
        recorded = [kind for kind in managed.types if recording and recording.records(kind)]
        if managed.on_changes and not managed.periodic and not recorded:
            return None
        parameters = {name: value for name, value in (managed.parameters | rule.parameters).items() if value}
        found = managed.check(self._platform, rule.region, parameters)
        return [each for each in found if _in_scope(rule, each) and _is_seen(managed, recorded, each)]

    def _keep(self, rule: Rule, status: dict, results: tuple[Result, ...]) -> bool:
        """Store the results, unless the rule was changed or deleted meanwhile."""
        with self._store.changing():
            present = self._store.get(rule.region, rule.name)
            if present is None or present.given != rule.given:
                return False
            self._store.put(replace(present, status=present.status | status, results=results))
            return True

    def _meter(self, rule: Rule, number: int) -> None:
        """Count evaluations for the bill ("AWS Config pricing"): of each resource, or after changes only of those with another result."""
        if number:
            self._platform.usage.count(Item("AWSConfig", "ConfigRuleEvaluations", "", rule.region, rule.arn), number)

    def _publish(self, rule: Rule, old: Result | None, new: Result) -> None:
        detail = {
            "resourceId": new.id,
            "awsRegion": rule.region,
            "awsAccountId": self._platform.account,
            "configRuleName": rule.name,
            "recordVersion": "1.0",
            "configRuleARN": rule.arn,
            "messageType": "ComplianceChangeNotification",
            "newEvaluationResult": _shown(rule, new),
            **({"oldEvaluationResult": _shown(rule, old)} if old else {}),
            "notificationCreationTime": _text(new.invoked),
            "resourceType": new.type,
        }
        entry = {"Source": "aws.config", "DetailType": "Config Rules Compliance Change", "Detail": json.dumps(detail), "Time": new.invoked}
        self._platform.events.publish(rule.region, entry)


def _in_scope(rule: Rule, finding: Finding) -> bool:
    scope = rule.given.get("Scope", {})
    types, id = scope.get("ComplianceResourceTypes"), scope.get("ComplianceResourceId")
    return (not types or finding.type in types) and (id is None or finding.id == id)


def _is_seen(managed: ManagedRule, recorded: list[str], finding: Finding) -> bool:
    return managed.periodic or finding.type in recorded


def _result(rule: Rule, finding: Finding, now: float) -> Result:
    before = next((each for each in rule.results if (each.type, each.id) == (finding.type, finding.id)), None)
    recorded = before.recorded if before and before.compliance == finding.compliance else now
    return Result(finding.type, finding.id, finding.compliance, finding.annotation, recorded, now)


def _changes(before: tuple[Result, ...], after: tuple[Result, ...]) -> Iterator[tuple[Result | None, Result]]:
    """The former result, if any, and the new one of each resource whose compliance has changed."""
    known = {(each.type, each.id): each for each in before}
    for new in after:
        old = known.get((new.type, new.id))
        if old is None or old.compliance != new.compliance:
            yield old, new


def _shown(rule: Rule, result: Result) -> dict:
    qualifier = {"configRuleName": rule.name, "resourceType": result.type, "resourceId": result.id, "evaluationMode": "DETECTIVE"}
    return {
        "evaluationResultIdentifier": {"evaluationResultQualifier": qualifier, "orderingTimestamp": _text(result.recorded)},
        "complianceType": result.compliance,
        "resultRecordedTime": _text(result.recorded),
        "configRuleInvokedTime": _text(result.invoked),
        **({"annotation": result.annotation} if result.annotation else {}),
    }


def _text(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
