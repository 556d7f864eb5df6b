"""Rolling updates of inference components: start a batch of new copies, let it bake, end as many old copies, repeat.

Source: ``InferenceComponentDeploymentConfig`` and ``InferenceComponentRollingUpdatePolicy`` of the API reference, read 2026-11-26. A batch
needs free resources beside the old copies. A roll-back ends new copies to free resources if there are no others. AWS has no status for an
incomplete roll-back: the component stays in service with the copies that it has, and its FailureReason says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from course.localaws.core.errors import AwsError
from course.localaws.sagemaker.hosting.components.capacity import CopyPlacement
from course.localaws.sagemaker.hosting.deployment.plans import DeploymentPlan, batch_of
from course.localaws.sagemaker.hosting.deployment.watch import Deployment, DeploymentMonitor, RolledBack
from course.localaws.sagemaker.hosting.servers.instances import start
from course.localaws.sagemaker.hosting.servers.model_server import HostingError

if TYPE_CHECKING:
    from course.localaws.context import Context
    from course.localaws.core.resources import Changes
    from course.localaws.sagemaker.hosting.runtime.routing import EndpointRouter
    from course.localaws.sagemaker.hosting.servers.fleets import Fleet


class ComponentRollout(Deployment):
    """One rolling update under way.

    Parameters
    ----------
    context : Context
    name : str
        Of the component.
    plan : DeploymentPlan
    router : EndpointRouter
        The component in service.
    placement : CopyPlacement
    change : callable
        Changes its document.
    """

    def __init__(
        self,
        context: Context,
        name: str,
        plan: DeploymentPlan,
        router: EndpointRouter,
        placement: CopyPlacement,
        change: Callable[[Changes], None],
    ) -> None:
        self._context, self._name, self._plan, self._router, self._placement, self._change = context, name, plan, router, placement, change
        super().__init__(DeploymentMonitor(context.platform, context.region, plan, "inference component", "specification"))
        [self._variant] = router.fleet.variants

    def deploy(self, fleet: Fleet, variant: dict, total: int) -> None:
        """Start ``total`` copies of a component's new ``variant`` in an empty fleet, and end all copies in service.

        Raises
        ------
        RolledBack
            The old copies, or those that could be restored, have all the traffic. The caller must end the new ones.
        StartCancelled
        """
        before = self._copies(self._router.fleet)
        try:
            self._watch.check()
            while (done := self._copies(fleet)) < total:
                self._roll_on(fleet, variant, min(total, done + batch_of(self._plan.size, total)), total, before)
        except (RolledBack, HostingError, AwsError) as error:
            reason = error.message if isinstance(error, AwsError) else str(error)
            raise RolledBack(reason + self._roll_back(fleet, before)) from error

    def _roll_on(self, fleet: Fleet, variant: dict, done: int, total: int, before: int) -> None:
        """One batch: start it, give it its share of the traffic, watch it, and end as many old copies."""
        present = self._copies(fleet)
        self._placement.allocate(self._context, self._name, done - present, variant)
        try:
            start(self._router.resize(self._variant, done, fleet))
        except HostingError:
            self._router.resize(self._variant, present, fleet)
            self._change(lambda document: {"_Arriving": document["_Arriving"][:present]})
            raise
        if not present:
            self._watch.start_anew()
        share = done / total if self._copies(self._router.fleet) else 1.0
        self._router.shift_traffic(fleet, share, {self._variant: done})
        self._watch.check()
        if self._plan.wait:
            self._watch.bake(self._plan.wait)
        # End as many old copies as the capacity allows, so that the next batch can use their resources.
        kept = max(0, min(math.ceil(round(before * (1 - done / total), 9)), before - done))
        if not kept:
            self._router.shift_traffic(fleet, 1.0, {})
        self._end(self._router.fleet, kept, "_Places")

    def _roll_back(self, fleet: Fleet, before: int) -> str:
        """Restore the old copies in batches, and their traffic; returns a message about copies that could not be restored."""
        batch, least = batch_of(self._plan.back, before) if self._plan.back else before, batch_of(self._plan.size, before)
        while (present := self._copies(self._router.fleet)) < before:
            wanted = min(before, present + batch)
            try:
                self._placement.allocate(self._context, self._name, wanted - present, member="_Places")
                start(self._router.resize(self._variant, wanted))
            except (HostingError, AwsError) as error:
                self._router.resize(self._variant, present)
                self._change(lambda document, kept=present: {"_Places": document["_Places"][:kept]})
                if batch > least:  # a smaller batch may still fit
                    batch = least
                elif not self._free_resources(fleet):
                    reason = error.message if isinstance(error, AwsError) else str(error)
                    self._router.withdraw()
                    return f" Of its {before} copies {before - present} did not come back: {reason}"
                continue
            self._share(fleet, 1 - wanted / before)
        self._router.withdraw()
        return ""

    def _free_resources(self, fleet: Fleet) -> bool:
        """End a batch of new copies to free resources for old ones; False if no new copies are left."""
        present = self._copies(fleet)
        if not present:
            return False
        kept = max(0, present - batch_of(self._plan.size, present))
        self._share(fleet, kept / max(1, kept + self._copies(self._router.fleet)))
        self._end(fleet, kept, "_Arriving")
        return True

    def _share(self, fleet: Fleet, share: float) -> None:
        if share > 0:
            self._router.shift_traffic(fleet, share, {})
        else:
            self._router.withdraw()

    def _end(self, fleet: Fleet, kept: int, member: str) -> None:
        """End all but ``kept`` copies of a fleet, whose placements are in ``member`` of the document."""
        leaving = self._router.resize(self._variant, kept, fleet)
        self._change(lambda document: {member: document[member][:kept], "_Leaving": document[member][kept:]})
        fleet.retire(leaving)
        self._change(lambda document: {"_Leaving": None, "RuntimeConfig": _counted(document)})

    def _copies(self, fleet: Fleet) -> int:
        return len(fleet.variants[self._variant].instances)


def _counted(document: dict) -> dict:
    """``RuntimeConfig`` with the present number of old and new copies."""
    return document["RuntimeConfig"] | {"CurrentCopyCount": len(document["_Places"]) + len(document.get("_Arriving", ()))}
