"""Policies of a learner as text that IAM takes, and what IAM's simulator says of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from course.grading import Answer, AnswerError

SAID = 220  # characters of AWS's text
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
EVERYBODY = ("*", ["*"], {"AWS": "*"}, {"AWS": ["*"]})


def written(answer: Answer, name: str, given: dict | list) -> str:
    """The policy that the learner's function returns for ``given``, as compact JSON.

    Raises
    ------
    AnswerError
        It is none: JSON has no such value, or IAM does not take it.
    """
    policy = answer.call(name, given)
    if not isinstance(policy.get("Statement"), (list, dict)):
        raise AnswerError(f"The result of `{name}(...)` is no policy; compare it with what `access.document` makes.")
    try:
        text = json.dumps(policy, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise AnswerError(f"The policy of `{name}(...)` cannot be written as JSON: {error}. Expected text, lists and dicts.") from None
    try:
        answer.client("iam").simulate_custom_policy(PolicyInputList=[text], ActionNames=["s3:GetObject"])
    except ClientError as error:
        raise AnswerError(f"IAM does not take the policy of `{name}(...)`: {error.response['Error']['Message'][:SAID]}") from None
    return text


def allows(iam: Any, text: str, action: str, resource: str, context: Mapping[str, str] | None = None, **given: Any) -> bool:
    """Whether IAM's simulator lets an identity policy do an action.

    Parameters
    ----------
    iam : boto3 IAM client
    context : mapping
        Condition keys and their values.
    **given
        Further parameters of SimulateCustomPolicy, such as ``ResourcePolicy``.
    """
    values = (context or {}).items()
    entries = [{"ContextKeyName": name, "ContextKeyValues": [value], "ContextKeyType": "string"} for name, value in values]
    asked = {"PolicyInputList": [text], "ActionNames": [action], "ResourceArns": [resource], "ContextEntries": entries}
    return iam.simulate_custom_policy(**asked, **given)["EvaluationResults"][0]["EvalDecision"] == "allowed"


def as_identity(statements: list[dict]) -> str:
    """A caller's policy that allows everything, except what a resource's statements deny to everybody."""
    denies = [each for each in statements if each.get("Effect") == "Deny" and each.get("Principal") in EVERYBODY]
    return _text([EVERYTHING, *denies])


def as_limit(statements: list[dict]) -> str:
    """A caller's policy that allows what an endpoint's statements allow."""
    return _text(statements)


def _text(statements: list[dict]) -> str:
    without = [{name: value for name, value in each.items() if name != "Principal"} for each in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": without})
