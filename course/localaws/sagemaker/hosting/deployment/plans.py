"""The plan of a deployment: a ``DeploymentConfig``, parsed and checked.

Source: ``DeploymentConfig`` of the API reference and "Deployment guardrails for updating models in production" of the developer guide, read
2026-11-25.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from course.localaws.core.errors import invalid

ALL_AT_ONCE, CANARY, LINEAR, ROLLING = "ALL_AT_ONCE", "CANARY", "LINEAR", "ROLLING"
SIZES = {CANARY: "CanarySize", LINEAR: "LinearStepSize"}
LEAST_PERCENT = {CANARY: 0, LINEAR: 10, ROLLING: 5}
MOST_PERCENT = 50
LIMIT_SECONDS = 28_800  # the longest MaximumExecutionTimeoutInSeconds


@dataclass(frozen=True)
class DeploymentPlan:
    """A parsed deployment configuration.

    Attributes
    ----------
    kind : str
    size : dict
        The ``CapacitySize`` of the canary, of a linear step or of a rolling batch.
    wait, termination, limit : int
        Seconds.
    alarms : tuple of str
    back : dict or None
        The ``CapacitySize`` of a batch when a rolling deployment is rolled back.
    """

    kind: str = ALL_AT_ONCE
    size: dict | None = None
    wait: int = 0
    termination: int = 0
    limit: int = LIMIT_SECONDS
    alarms: tuple[str, ...] = ()
    back: dict | None = None

    @property
    def rolls(self) -> bool:
        return self.kind == ROLLING

    def shares(self, total: int) -> list[float]:
        """The new fleet's share of the traffic after each step of a blue/green deployment."""
        if self.kind == ALL_AT_ONCE or total == 0:
            return [1.0]
        step = share_of(self.size, total)
        return [step, 1.0] if self.kind == CANARY else [min(1.0, step * number) for number in range(1, math.ceil(round(1 / step, 9)) + 1)]


def share_of(size: dict, total: int) -> float:
    return min(1.0, size["Value"] / 100 if size["Type"] == "CAPACITY_PERCENT" else size["Value"] / max(total, 1))


def plan_of(config: dict | None, variants: list[dict]) -> DeploymentPlan:
    """The plan of a ``DeploymentConfig`` for an endpoint's new variants.

    Raises
    ------
    AwsError
        ``ValidationException``
    """
    config = config or {}
    alarms = tuple(alarm["AlarmName"] for alarm in config.get("AutoRollbackConfiguration", {}).get("Alarms", ()))
    if "BlueGreenUpdatePolicy" in config and "RollingUpdatePolicy" in config:
        raise invalid("Only one of BlueGreenUpdatePolicy and RollingUpdatePolicy can be specified in DeploymentConfig.")
    if "RollingUpdatePolicy" in config:
        plan = _rolling(config["RollingUpdatePolicy"], alarms)
    elif "BlueGreenUpdatePolicy" in config:
        plan = _blue_green(config["BlueGreenUpdatePolicy"], alarms)
    else:
        plan = DeploymentPlan(alarms=alarms)
    for variant in variants:
        _check_size(plan, variant)
    return plan


def _blue_green(policy: dict, alarms: tuple[str, ...]) -> DeploymentPlan:
    traffic, termination = policy["TrafficRoutingConfiguration"], policy.get("TerminationWaitInSeconds", 0)
    kind = traffic["Type"]
    for other, member in SIZES.items():
        if (member in traffic) != (kind == other):
            raise invalid(f"{member} must be specified when the traffic routing type is {other}, and only then; it is {kind}.")
    size, wait, limit = traffic.get(SIZES.get(kind, "")), traffic["WaitIntervalInSeconds"], policy.get("MaximumExecutionTimeoutInSeconds")
    steps = {CANARY: 1, LINEAR: math.ceil(1 / share_of(size, 2)) - 1}.get(kind, 0) if size else 0
    if limit is not None and limit <= steps * wait + termination:
        raise invalid(
            "MaximumExecutionTimeoutInSeconds must be larger than the total of WaitIntervalInSeconds and TerminationWaitInSeconds."
        )
    return DeploymentPlan(kind, size, wait, termination, limit or LIMIT_SECONDS, alarms)


def _rolling(policy: dict, alarms: tuple[str, ...]) -> DeploymentPlan:
    limit, back = policy.get("MaximumExecutionTimeoutInSeconds", LIMIT_SECONDS), policy.get("RollbackMaximumBatchSize")
    return DeploymentPlan(ROLLING, policy["MaximumBatchSize"], policy["WaitIntervalInSeconds"], 0, limit, alarms, back)


def component_plan(config: dict | None, copies: int) -> DeploymentPlan | None:
    """The plan of an ``InferenceComponentDeploymentConfig`` for an update to ``copies`` copies; None without a configuration.

    Source: ``InferenceComponentRollingUpdatePolicy`` of the API reference, read 2026-11-26.

    Raises
    ------
    AwsError
        ``ValidationException``
    """
    if config is None:
        return None
    alarms = tuple(alarm["AlarmName"] for alarm in config.get("AutoRollbackConfiguration", {}).get("Alarms", ()))
    plan = _rolling(config["RollingUpdatePolicy"], alarms)
    if copies:
        _check_share(plan, copies, f"an inference component of {copies} copies", "copy count")
    return plan


def _check_size(plan: DeploymentPlan, variant: dict) -> None:
    if plan.size is None:
        return
    name, total = variant["VariantName"], variant["InstanceCount"]
    if "Serverless" in variant:
        raise invalid(f"A {plan.kind} deployment is not supported for the serverless variant {name}.")
    _check_share(plan, total, f"variant {name} of {total} instance(s)", "variant's total instance count")


def _check_share(plan: DeploymentPlan, total: int, subject: str, whole: str) -> None:
    percent, least = 100 * share_of(plan.size, total), LEAST_PERCENT[plan.kind]
    if not least <= percent <= MOST_PERCENT:
        raise invalid(
            f"The batch size {plan.size['Value']} ({plan.size['Type']}) is not valid for {subject}: it must be "
            f"{f'between {least}% and {MOST_PERCENT}%' if least else f'at most {MOST_PERCENT}%'} of the {whole}."
        )


def batch_of(size: dict, total: int) -> int:
    """The number of instances, or copies, in one rolling batch."""
    return max(1, math.ceil(round(share_of(size, total) * total, 9)))
