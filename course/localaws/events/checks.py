"""Checks of rules and targets when they are made. Texts are AWS's.

Source: LocalStack's recordings of AWS (tests/aws/services/events of https://github.com/localstack/localstack), errors that public issues
quote (terraform-provider-aws 19913 and 27215, buildkite-agent-scaler 100), and the rules of cdk-preflight, measured on AWS 2026-09-07; read
2026-11-28.
"""

from __future__ import annotations

import re
from pathlib import Path

from course.localaws.core.data_files import table
from course.localaws.core.errors import AwsError, invalid, not_supported
from course.localaws.core.schedule_expressions import ScheduleExpression, ScheduleExpressionError
from course.localaws.events import inputs
from course.localaws.events.arns import Arn
from course.localaws.events.bus import DEFAULT
from course.localaws.events.matchers import PatternError
from course.localaws.events.patterns import EventPattern, compiled
from course.localaws.events.targets import EVENTS, TargetKinds
from course.localaws.iam.identity import Identity

LIMITS = table(Path(__file__).with_name("limits.yaml"))
PARAMETERS_OF = {  # the members that belong to one kind of target -> the services of its ARN
    "EcsParameters": ("ecs",),
    "KinesisParameters": ("kinesis",),
    "BatchParameters": ("batch",),
    "HttpParameters": ("events", "execute-api"),
    "RedshiftDataParameters": ("redshift", "redshift-serverless"),
    "RunCommandParameters": ("ssm",),
    "SageMakerPipelineParameters": ("sagemaker",),
    "AppSyncParameters": ("appsync",),
}
_RATE_OF_ONE = re.compile(r"rate\((1 (minute|hour|day)|(?!1 )\d+ (minutes|hours|days))\)")


def pattern(text: str) -> EventPattern:
    """The compiled pattern. Raises AwsError ``InvalidEventPatternException``."""
    try:
        return compiled(text)
    except PatternError as error:
        raise AwsError("InvalidEventPatternException", f"Event pattern is not valid. Reason: {error}") from None


def rule(params: dict, bus: str) -> None:
    """Raises AwsError for a request of PutRule that AWS refuses."""
    text, expression = params.get("EventPattern"), params.get("ScheduleExpression")
    if not text and not expression:
        raise invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.")
    if text:
        if len(text.encode()) > LIMITS["pattern_bytes"]:
            raise invalid(f"Parameter EventPattern for rule {params['Name']} exceeds limit of {LIMITS['pattern_bytes']}.")
        pattern(text)
    if expression:
        if bus != DEFAULT:
            raise invalid("ScheduleExpression is supported only on the default event bus.")
        _check_expression(expression)
    if params.get("State") == "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS":
        raise not_supported("events", "PutRule with the state ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")


def _check_expression(text: str) -> None:
    """A rule has no ``at()``, and the unit of a rate agrees with its number."""
    try:
        ScheduleExpression(text)
    except ScheduleExpressionError:
        raise invalid("Parameter ScheduleExpression is not valid.") from None
    if text.startswith("at(") or (text.startswith("rate(") and not _RATE_OF_ONE.fullmatch(text)):
        raise invalid("Parameter ScheduleExpression is not valid.")


def target(kinds: TargetKinds, identity: Identity, rule: dict, region: str, target: dict) -> None:
    """Raises AwsError for a target that AWS refuses, or that the local AWS cannot invoke. Waits for IAM."""
    arn = Arn.parse(target["Arn"])
    if arn is None:
        raise invalid(f"Parameter {target['Arn']} is not valid. Reason: Provided Arn is not in correct format.")
    for member, services in PARAMETERS_OF.items():
        if member in target and arn.service not in services:
            raise invalid(f"Parameter(s) {member} not supported for target: {target['Id']}.")
    inputs.check(target)
    kind = kinds.find(EVENTS, arn)
    if kind is None:
        raise not_supported("events", f"a target of the kind {arn.service}:{re.split('[:/]', arn.resource)[0]} ({target['Arn']})")
    if arn.account != identity.account:
        raise not_supported("events", f"a target in another account ({target['Arn']})")
    if arn.region != region and arn.service != "events":
        raise invalid(f"Parameter {target['Arn']} is not valid. Reason: The target must be in the region of the rule, {region}.")
    if kind.needs_role and "RoleArn" not in target:
        raise invalid(f"RoleArn is required for target {target['Arn']}.")
    kind.check(EVENTS, target)
    if "RoleArn" in target:
        role(identity, target["RoleArn"], rule["Arn"])
    if queue := target.get("DeadLetterConfig", {}).get("Arn"):
        _check_dead_letters(queue, region)


def _check_dead_letters(text: str, region: str) -> None:
    queue = Arn.parse(text)
    if queue is None:
        raise invalid(f"Parameter {text} is not valid. Reason: Provided Arn is not in correct format.")
    if queue.service != "sqs":
        raise invalid(f"{queue.service} is not supported as a dead letter resource.")
    if queue.resource.endswith(".fifo"):
        raise invalid("SQS FIFO is not supported by Dead Letter Queues.")
    if queue.region != region:
        raise invalid(f"The dead-letter queue {text} must be in the region of the rule, {region}.")


def role(identity: Identity, arn: str, rule: str) -> None:
    """Raises AwsError unless EventBridge may assume a role for the rule with an ARN. Waits for IAM."""
    if not identity.trusts(arn, "events.amazonaws.com", rule):
        raise invalid(f"Provided role '{arn}' cannot be assumed by principal 'events.amazonaws.com'.")
