"""Checks of schedules when they are made. Texts are AWS's where they are known.

Source: LocalStack's recordings of AWS (tests/aws/services/scheduler of https://github.com/localstack/localstack), errors that public issues
quote (boto3 3558, aws-sdk-js-v3 6494, moto 8172), and the rules of cdk-preflight, measured on AWS 2026-09-07; read 2026-11-28.
"""

from __future__ import annotations

from course.localaws.core import json_text
from course.localaws.core.errors import invalid, not_supported
from course.localaws.core.schedule_expressions import ScheduleExpression, ScheduleExpressionError
from course.localaws.events.arns import Arn
from course.localaws.events.targets import SCHEDULER, TargetKinds
from course.localaws.iam.identity import Identity
from course.localaws.scheduler import times

TOLERATED_SECONDS = 300.0  # a start date may be so far in the past
SERVICE = "scheduler.amazonaws.com"
# The services of templated targets, "Using templated targets" of the User Guide.
TEMPLATED = (
    "codebuild",
    "codepipeline",
    "ecs",
    "events",
    "firehose",
    "inspector",
    "kinesis",
    "lambda",
    "sagemaker",
    "sns",
    "sqs",
    "states",
)
PARAMETERS_OF = {
    "EcsParameters": "ecs",
    "EventBridgeParameters": "events",
    "KinesisParameters": "kinesis",
    "SageMakerPipelineParameters": "sagemaker",
    "SqsParameters": "sqs",
}
NOT_HERE = ("EventBridgePutEventsV2Parameters", "EventBridgePutRawEventsParameters")


def schedule(params: dict, callers_now: float) -> None:
    """Raises AwsError for times that AWS refuses.

    Parameters
    ----------
    callers_now : float
        Unix seconds outside the local AWS. A program takes a start date from there, also when the local AWS's clock was advanced.
    """
    zone = params.get("ScheduleExpressionTimezone", "UTC")
    try:
        ScheduleExpression("rate(1 day)", zone)
    except ScheduleExpressionError:
        raise invalid(f"Invalid ScheduleExpressionTimezone {zone}.") from None
    try:
        times.expression(params)
    except ScheduleExpressionError:
        raise invalid(f"Invalid Schedule Expression {params['ScheduleExpression']}.") from None
    window = params["FlexibleTimeWindow"]
    if (window["Mode"] == "FLEXIBLE") != ("MaximumWindowInMinutes" in window):
        must = "must not" if window["Mode"] == "OFF" else "must"
        raise invalid(f"MaximumWindowInMinutes {must} be provided when FlexibleTimeWindowMode is set to {window['Mode']}.")
    if not times.is_one_time(params):
        _check_dates(params, callers_now)


def _check_dates(params: dict, callers_now: float) -> None:
    start, end = params.get("StartDate"), params.get("EndDate")
    if start is not None and start < callers_now - TOLERATED_SECONDS:
        raise invalid("The StartDate you specify cannot be earlier than 5 minutes ago.")
    if start is not None and end is not None and end <= start:
        raise invalid("The StartDate you specify must come before the EndDate.")


def target(kinds: TargetKinds, identity: Identity, region: str, group: str, target: dict) -> None:
    """Raises AwsError for a target that AWS refuses, or that the local AWS cannot invoke. Waits for IAM.

    Parameters
    ----------
    group : str
        ARN of the schedule group, for which Scheduler assumes the role.
    """
    arn = Arn.parse(target["Arn"])
    if arn is None:
        raise invalid(f"Invalid target ARN {target['Arn']}.")
    if target["Arn"].startswith("arn:aws:scheduler:::aws-sdk:"):
        raise not_supported("scheduler", f"the universal target {target['Arn']}")
    if arn.service not in TEMPLATED:
        raise invalid(f"{arn.service} is not a supported service for a target.")
    if arn.region != region:
        raise invalid(f"The target ARN provided does not match the current region {region}.")
    _check_members(target, arn)
    kind = kinds.find(SCHEDULER, arn)
    if kind is None or arn.account != identity.account:
        raise not_supported("scheduler", f"the target {target['Arn']}")
    kind.check(SCHEDULER, target)
    if not identity.trusts(target["RoleArn"], SERVICE, group):
        raise invalid("The execution role you provide must allow AWS EventBridge Scheduler to assume the role.")


def _check_members(target: dict, arn: Arn) -> None:
    for member in NOT_HERE:
        if member in target:
            raise not_supported("scheduler", f"a target with {member}")
    for member, service in PARAMETERS_OF.items():
        if member in target and arn.service != service:
            raise invalid(f"{member} is not supported for the target {target['Arn']}.")
    if "Input" in target:
        try:
            json_text.load(target["Input"])
        except ValueError:
            raise invalid("JSON syntax error in input for the target.") from None
