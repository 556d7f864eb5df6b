"""Deployment guardrails: how traffic moves from the fleet of an endpoint to that of its update, and back when an alarm goes off.

Source: "Deployment guardrails for updating models in production" of the developer guide and the API reference's ``DeploymentConfig``, read
2026-11-25; messages of stages by "Events that Amazon SageMaker AI sends to Amazon EventBridge". How AWS words the failure reason of a
deployment that was rolled back is not published; these are our words.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from course.localaws.alarms.verdicts import ALARM
from course.localaws.errors import invalid
from course.localaws.sagemaker.hosting import HostingError, Stopped
from course.localaws.sagemaker.instances import start

if TYPE_CHECKING:
    from course.localaws.platform import Platform
    from course.localaws.sagemaker.fleets import Fleet
    from course.localaws.sagemaker.live import Live

ALL_AT_ONCE, CANARY, LINEAR, ROLLING = "ALL_AT_ONCE", "CANARY", "LINEAR", "ROLLING"
SIZES = {CANARY: "CanarySize", LINEAR: "LinearStepSize"}
LEAST_PERCENT = {CANARY: 0, LINEAR: 10, ROLLING: 5}
MOST_PERCENT = 50
LIMIT_SECONDS = 28_800  # the longest MaximumExecutionTimeoutInSeconds
# Status, message, and how many instances each variant has: of the new fleet, and of the old one where these change.
Tell = Callable[[str, str, dict[str, int], dict[str, int]], None]


class RolledBack(Exception):
    """The deployment failed and the old fleet has all the traffic; the message says why."""


class RollbackFailed(Exception):
    """The old fleet could not be brought back whole."""


@dataclass(frozen=True)
class Plan:
    """A deployment configuration that was understood.

    Attributes
    ----------
    kind : str
    size : dict
        A ``CapacitySize``, of the canary, of a linear step or of a rolling batch.
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
        """The share of the traffic that the new fleet has after each step of a blue/green deployment."""
        if self.kind == ALL_AT_ONCE or total == 0:
            return [1.0]
        step = share_of(self.size, total)
        return [step, 1.0] if self.kind == CANARY else [min(1.0, step * number) for number in range(1, math.ceil(round(1 / step, 9)) + 1)]


def share_of(size: dict, total: int) -> float:
    return min(1.0, size["Value"] / 100 if size["Type"] == "CAPACITY_PERCENT" else size["Value"] / max(total, 1))


def plan_of(config: dict | None, variants: list[dict]) -> Plan:
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
        plan = Plan(alarms=alarms)
    for variant in variants:
        _check_size(plan, variant)
    return plan


def _blue_green(policy: dict, alarms: tuple[str, ...]) -> Plan:
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
    return Plan(kind, size, wait, termination, limit or LIMIT_SECONDS, alarms)


def _rolling(policy: dict, alarms: tuple[str, ...]) -> Plan:
    limit, back = policy.get("MaximumExecutionTimeoutInSeconds", LIMIT_SECONDS), policy.get("RollbackMaximumBatchSize")
    return Plan(ROLLING, policy["MaximumBatchSize"], policy["WaitIntervalInSeconds"], 0, limit, alarms, back)


def _check_size(plan: Plan, variant: dict) -> None:
    if plan.size is None:
        return
    name, total = variant["VariantName"], variant["InstanceCount"]
    if "Serverless" in variant:
        raise invalid(f"A {plan.kind} deployment is not supported for the serverless variant {name}.")
    percent = 100 * share_of(plan.size, total)
    if not LEAST_PERCENT[plan.kind] <= percent <= MOST_PERCENT:
        least = LEAST_PERCENT[plan.kind]
        raise invalid(
            f"The batch size {plan.size['Value']} ({plan.size['Type']}) is not valid for variant {name} of {total} instance(s): it must be "
            f"{f'between {least}% and {MOST_PERCENT}%' if least else f'at most {MOST_PERCENT}%'} of the variant's total instance count."
        )


class Rollout:
    """One deployment under way; to be used in a ``with`` block of a thread of its own.

    Parameters
    ----------
    platform : Platform
    region : str
    plan : Plan
    live : Live
    tell : Tell
        Is told of each stage.
    rolling_back : callable
        Is told that the deployment has failed.
    """

    def __init__(self, platform: Platform, region: str, plan: Plan, live: Live, tell: Tell, rolling_back: Callable[[], None]) -> None:
        self._alarms, self._region, self._plan, self._live = platform.alarms, region, plan, live
        self._tell, self._rolling_back = tell, rolling_back
        self._clock = platform.clock
        self._sleeper = platform.agenda.sleeper()
        self._deadline = self._sleeper.moment + plan.limit
        self._tripped: set[str] = set()

    def __enter__(self) -> Rollout:
        self._alarms.listeners.append(self._heard)
        return self

    def __exit__(self, *_: object) -> None:
        self._alarms.listeners.remove(self._heard)
        self._sleeper.leave()

    def end(self) -> None:
        """The local AWS ends: sleep no longer."""
        self._sleeper.end()

    # ---- blue/green -----------------------------------------------------------------------------------------------------------

    def shift(self, fleet: Fleet) -> None:
        """Give a fleet whose servers all answer the traffic, step by step, the old one being there all the time.

        Raises
        ------
        RolledBack
            After which the old fleet has all the traffic.
        hosting.Stopped
        """
        self._sleeper.moment = self._clock.now()  # the fleet took its time to start
        totals = {name: len(variant.instances) for name, variant in fleet.variants.items()}
        try:
            self._check()
            for share in self._plan.shares(min(totals.values())):
                counts = {name: math.ceil(round(total * share, 9)) for name, total in totals.items()}
                capacity = self._capacity(share, counts)
                self._tell("ActivatingTraffic", f"Activating traffic on {capacity}.", totals, {})
                self._live.shift(fleet, share, counts)
                waits = ("WaitIntervalInSeconds", self._plan.wait) if share < 1 else ("TerminationWaitInSeconds", self._plan.termination)
                self._bake(*waits, capacity, totals, {})
        except RolledBack:
            self._rolling_back()
            self._live.withdraw()
            raise

    def _capacity(self, share: float, counts: dict[str, int]) -> str:
        words = "full" if share >= 1 else "canary" if self._plan.kind == CANARY else "partial"
        return f"{words} capacity of {sum(counts.values())} instance(s)"

    # ---- rolling --------------------------------------------------------------------------------------------------------------

    def roll(self, fleet: Fleet, totals: dict[str, int]) -> None:
        """Start a fleet's instances batch by batch, and end as many of the old ones.

        Parameters
        ----------
        fleet : Fleet
            Without instances.
        totals : dict
            How many instances each of its variants is to have.

        Raises
        ------
        RolledBack
            After which the old fleet is whole again and has all the traffic.
        RollbackFailed
        hosting.Stopped
        """
        old = {name: len(variant.instances) for name, variant in self._live.fleet.variants.items()}
        done = dict.fromkeys(totals, 0)
        try:
            self._check()
            while done != totals:
                done = {name: min(total, done[name] + _batch(self._plan.size, total)) for name, total in totals.items()}
                self._roll_on(fleet, done, old, sum(done.values()) / sum(totals.values()))
        except (RolledBack, HostingError) as error:
            self._roll_back(old)
            raise RolledBack(str(error)) from error

    def _roll_on(self, fleet: Fleet, done: dict[str, int], old: dict[str, int], share: float) -> None:
        """One batch: start it, give it its share of the traffic, watch it, and end as much of the old fleet."""
        first = not any(variant.instances for variant in fleet.variants.values())
        launched = [instance for name, count in done.items() for instance in fleet.variants[name].resize(count)]
        present = {name: len(variant.instances) for name, variant in self._live.fleet.variants.items()}
        self._tell("Creating", f"Launching {len(launched)} instance(s).", done, present)
        start(launched)
        if first:
            self._sleeper.moment = self._clock.now()
        capacity = f"{'full' if share >= 1 else 'partial'} capacity of {sum(done.values())} instance(s)"
        self._tell("ActivatingTraffic", f"Activating traffic on {capacity}.", done, present)
        self._live.shift(fleet, share, done)
        self._bake("WaitIntervalInSeconds", self._plan.wait, capacity, done, present)
        kept = {name: math.ceil(round(count * (1 - share), 9)) for name, count in old.items()}
        leaving = [instance for name, count in kept.items() for instance in self._live.resize(name, count)]
        self._tell("Deleting", f"Terminating {len(leaving)} instance(s).", done, kept)
        self._live.fleet.retire(leaving)

    def _roll_back(self, old: dict[str, int]) -> None:
        """Bring the old fleet's instances back, by batches, and its traffic."""
        self._rolling_back()
        try:
            for name, total in old.items():
                present = len(self._live.fleet.variants[name].instances)
                while present < total:
                    present = min(total, present + (_batch(self._plan.back, total) if self._plan.back else total))
                    start(self._live.resize(name, present))
        except HostingError as error:
            raise RollbackFailed(str(error)) from error
        self._live.withdraw()

    # ---- alarms ---------------------------------------------------------------------------------------------------------------

    def _bake(self, member: str, seconds: int, capacity: str, new: dict[str, int], old: dict[str, int]) -> None:
        """Watch the alarms for a while."""
        self._check()
        if not seconds:
            return
        self._tell("Baking", f"Baking for {seconds} seconds ({member}) with traffic enabled on {capacity}.", new, old)
        until = self._sleeper.moment + seconds
        self._sleeper.until(min(until, self._deadline))
        if self._sleeper.ended:
            raise Stopped
        self._check()
        if self._sleeper.moment < until:
            raise RolledBack(
                f"The deployment has not ended within MaximumExecutionTimeoutInSeconds ({self._plan.limit}). The endpoint was rolled back."
            )

    def _check(self) -> None:
        """Raises RolledBack when an alarm has gone off."""
        names = sorted(self._tripped.union(self._alarms.in_alarm(self._region, self._plan.alarms)))
        if names:
            raise RolledBack(
                f"One or more CloudWatch alarms of the AutoRollbackConfiguration went into ALARM state during the deployment: "
                f"{', '.join(names)}. The endpoint was rolled back to its previous endpoint configuration."
            )

    def _heard(self, region: str, alarm: dict, moment: float) -> None:
        if region == self._region and alarm["AlarmName"] in self._plan.alarms and alarm["StateValue"] == ALARM:
            self._tripped.add(alarm["AlarmName"])
            self._sleeper.interrupt(moment)


def _batch(size: dict, total: int) -> int:
    """Instances of one rolling batch."""
    return max(1, math.ceil(round(share_of(size, total) * total, 9)))
