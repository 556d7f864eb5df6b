"""Deployment guardrails: move traffic from the old fleet of an endpoint to the new one, and back when an alarm goes off.

Source: "Deployment guardrails for updating models in production" of the developer guide and the API reference's ``DeploymentConfig``, read
2026-11-25. The messages of stages follow "Events that Amazon SageMaker AI sends to Amazon EventBridge". AWS does not publish the failure
reason of a deployment that was rolled back, so its text is ours.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from course.localaws.sagemaker.hosting.deployment import stages
from course.localaws.sagemaker.hosting.deployment.plans import CANARY, DeploymentPlan, batch_of
from course.localaws.sagemaker.hosting.deployment.watch import Deployment, DeploymentMonitor, RolledBack
from course.localaws.sagemaker.hosting.servers.instances import start
from course.localaws.sagemaker.hosting.servers.model_server import HostingError

if TYPE_CHECKING:
    from course.localaws.core.resources import Changes
    from course.localaws.platform import Platform
    from course.localaws.sagemaker.hosting.runtime.routing import EndpointRouter
    from course.localaws.sagemaker.hosting.servers.fleets import Fleet


class RollbackFailed(Exception):
    """The old fleet could not be restored completely."""


class Rollout(Deployment):
    """One deployment of an endpoint under way.

    Parameters
    ----------
    platform : Platform
    region : str
    plan : DeploymentPlan
    router : EndpointRouter
        The endpoint.
    change : callable
        Changes its document.
    """

    def __init__(
        self, platform: Platform, region: str, plan: DeploymentPlan, router: EndpointRouter, change: Callable[[Changes], None]
    ) -> None:
        self._plan, self._router, self._change = plan, router, change
        self._clock = platform.clock
        super().__init__(DeploymentMonitor(platform, region, plan, "endpoint", "endpoint configuration"))

    def deployed(self, launch: Callable[[list[dict]], Fleet], retire: Callable[[Fleet], None], variants: list[dict]) -> Fleet:
        """Start a new fleet and move all traffic to it.

        Parameters
        ----------
        launch, retire : callables
            ``launch`` makes a fleet of variants whose servers all answer; ``retire`` ends a fleet.
        variants : list of dict

        Raises
        ------
        HostingError
            The fleet could not be started, and nothing has changed.
        RolledBack, RollbackFailed, StartCancelled
        """
        fleet = launch([variant | {"InstanceCount": 0} for variant in variants] if self._plan.rolls else variants)
        try:
            if self._plan.rolls:
                self._roll(fleet, {variant["VariantName"]: variant["InstanceCount"] for variant in variants})
            else:
                self._shift(fleet)
        except (RolledBack, RollbackFailed):
            retire(fleet)
            raise
        return fleet

    # ---- blue/green -----------------------------------------------------------------------------------------------------------

    def _shift(self, fleet: Fleet) -> None:
        """Move the traffic to the new fleet step by step. The old fleet keeps running."""
        self._watch.start_anew()
        totals = {name: len(variant.instances) for name, variant in fleet.variants.items()}
        try:
            self._watch.check()
            for share in self._plan.shares(min(totals.values())):
                counts = {name: math.ceil(round(total * share, 9)) for name, total in totals.items()}
                capacity = self._capacity(share, counts)
                self._report("ActivatingTraffic", f"Activating traffic on {capacity}.", totals, {})
                self._router.shift_traffic(fleet, share, counts)
                waits = ("WaitIntervalInSeconds", self._plan.wait) if share < 1 else ("TerminationWaitInSeconds", self._plan.termination)
                self._bake(*waits, capacity, totals, {})
        except RolledBack:
            self._rolling_back()
            self._router.withdraw()
            raise

    def _capacity(self, share: float, counts: dict[str, int]) -> str:
        words = "full" if share >= 1 else "canary" if self._plan.kind == CANARY else "partial"
        return f"{words} capacity of {sum(counts.values())} instance(s)"

    # ---- rolling --------------------------------------------------------------------------------------------------------------

    def _roll(self, fleet: Fleet, totals: dict[str, int]) -> None:
        """Start the instances of an empty fleet batch by batch, until each variant has its total, and end as many old ones."""
        old = {name: len(variant.instances) for name, variant in self._router.fleet.variants.items()}
        done = dict.fromkeys(totals, 0)
        try:
            self._watch.check()
            while done != totals:
                done = {name: min(total, done[name] + batch_of(self._plan.size, total)) for name, total in totals.items()}
                self._roll_on(fleet, done, old, sum(done.values()) / sum(totals.values()))
        except (RolledBack, HostingError) as error:
            self._roll_back(old)
            raise RolledBack(str(error)) from error

    def _roll_on(self, fleet: Fleet, done: dict[str, int], old: dict[str, int], share: float) -> None:
        """One batch: start it, give it its share of the traffic, watch it, and end as many instances of the old fleet."""
        first = not any(variant.instances for variant in fleet.variants.values())
        launched = [instance for name, count in done.items() for instance in fleet.variants[name].resize(count)]
        present = {name: len(variant.instances) for name, variant in self._router.fleet.variants.items()}
        self._report("Creating", f"Launching {len(launched)} instance(s).", done, present)
        start(launched)
        if first:
            self._watch.start_anew()
        capacity = self._capacity(share, done)
        self._report("ActivatingTraffic", f"Activating traffic on {capacity}.", done, present)
        self._router.shift_traffic(fleet, share, done)
        self._bake("WaitIntervalInSeconds", self._plan.wait, capacity, done, present)
        kept = {name: math.ceil(round(count * (1 - share), 9)) for name, count in old.items()}
        leaving = [instance for name, count in kept.items() for instance in self._router.resize(name, count)]
        self._report("Deleting", f"Terminating {len(leaving)} instance(s).", done, kept)
        self._router.fleet.retire(leaving)

    def _roll_back(self, old: dict[str, int]) -> None:
        """Restore the old fleet's instances in batches, and its traffic."""
        self._rolling_back()
        try:
            for name, total in old.items():
                present = len(self._router.fleet.variants[name].instances)
                while present < total:
                    present = min(total, present + (batch_of(self._plan.back, total) if self._plan.back else total))
                    start(self._router.resize(name, present))
        except HostingError as error:
            raise RollbackFailed(str(error)) from error
        self._router.withdraw()

    # ---- stages and alarms ----------------------------------------------------------------------------------------------------

    def _report(self, status: str, message: str, new: dict[str, int], old: dict[str, int]) -> None:
        """Record the stage, and how many instances each variant of the new fleet has, and of the old fleet where they change."""
        stage = {"Status": status, "StatusMessage": message, "StartTime": round(self._clock.now(), 3)}
        self._change(lambda document: stages.deploying(document, stage, new, old))

    def _rolling_back(self) -> None:
        self._change({"EndpointStatus": "RollingBack"})

    def _bake(self, member: str, seconds: int, capacity: str, new: dict[str, int], old: dict[str, int]) -> None:
        """Watch the alarms for a while."""
        self._watch.check()
        if not seconds:
            return
        self._report("Baking", f"Baking for {seconds} seconds ({member}) with traffic enabled on {capacity}.", new, old)
        self._watch.bake(seconds)
