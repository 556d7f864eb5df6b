"""Judges a policy by IAM's simulator: which requests of a service it allows."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError

from course.grading import Answer, Report
from course.grading.scoring import guard_share

from .m03_1_cases import requests_of


def judge_policies(answer: Answer, report: Report, part: str, services: list[dict], tagged: str) -> None:
    """Report one part: the share of forbidden requests that the learner's policies deny, less the share of needed ones that they deny.

    ``tagged`` is the name of a group that the services know only by its tag.
    """
    iam = answer.client("iam")
    caught, alarms, open_kinds, shut_kinds = [], [], set(), set()
    for given in services:
        document = _document(answer, report, part, given)
        if document is None:
            return
        for action, resource, team, may, kind in requests_of(given, tagged):
            try:
                allowed = _allowed(iam, document, action, resource, team)
            except ClientError as error:
                said = f"IAM does not accept the policy of `reader_policy(...)`: {error.response['Error']['Message'][:200]}"
                report.part(part, False, said)
                return
            (alarms if may else caught).append(not allowed)
            if allowed != may:
                (shut_kinds if may else open_kinds).add(kind)
    share = guard_share(caught, alarms)
    said = f"{sum(caught)} of {len(caught)} forbidden requests were denied, and so were {sum(alarms)} of {len(alarms)} needed requests."
    if shut_kinds:
        said += f" Denied by mistake: a request that {min(shut_kinds)}."
    if open_kinds:
        said += f" Allowed by mistake: a request that {min(open_kinds)}."
    report.part(part, share if part == "guard" else share == 1, said)


def _document(answer: Answer, report: Report, part: str, given: dict) -> str | None:
    """The learner's policy as JSON; reports the part and returns None when JSON has no such value, for example a date."""
    policy = answer.call("reader_policy", given)
    try:
        return json.dumps(policy, allow_nan=False)
    except (TypeError, ValueError) as error:
        report.part(part, False, f"The policy of `reader_policy(...)` cannot be written as JSON: {error}. Expected text, lists and dicts.")
        return None


def _allowed(iam: Any, document: str, action: str, resource: str, team: str | None) -> bool:
    context = []
    if team is not None:
        context.append({"ContextKeyName": "aws:ResourceTag/team", "ContextKeyValues": [team], "ContextKeyType": "string"})
    simulated = iam.simulate_custom_policy(
        PolicyInputList=[document], ActionNames=[action], ResourceArns=[resource], ContextEntries=context
    )
    return simulated["EvaluationResults"][0]["EvalDecision"] == "allowed"
