"""Inference components: models that share the instances of an endpoint. Each copy of a model reserves resources there.

A component's document is the answer of DescribeInferenceComponent, plus: ``_Variant`` (what its copies run), ``_Places`` (their instances),
``_Arriving`` (places where more copies start) and ``_Leaving`` (places of copies that end). Each component has its own `Fleet`.
Sources: the API reference and "Deploy models with inference components" of the developer guide, read 2026-11-25.
"""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial

from course.localaws.autoscaling.dimensions import COPIES
from course.localaws.context import Context, Operation
from course.localaws.core.errors import AwsError, invalid
from course.localaws.core.resources import Changes, Document, ResourceEngine
from course.localaws.platform import Platform
from course.localaws.sagemaker.core.family import Family, describe, list_page
from course.localaws.sagemaker.hosting import endpoint_lineage
from course.localaws.sagemaker.hosting.components import adapters, specifications
from course.localaws.sagemaker.hosting.components.capacity import CopyPlacement
from course.localaws.sagemaker.hosting.components.placement import INFERENCE_COMPONENT
from course.localaws.sagemaker.hosting.components.rollout import ComponentRollout
from course.localaws.sagemaker.hosting.deployment.plans import DeploymentPlan, component_plan
from course.localaws.sagemaker.hosting.deployment.watch import RolledBack
from course.localaws.sagemaker.hosting.endpoints import ENDPOINT, Endpoints
from course.localaws.sagemaker.hosting.scalable_components import ScalableComponents
from course.localaws.sagemaker.hosting.servers import instances, model_server
from course.localaws.sagemaker.hosting.servers.fleets import Fleet
from course.localaws.sagemaker.hosting.servers.model_server import HostingError


class InferenceComponents(Family):
    """The family of inference components. The endpoints end their copies at a shutdown."""

    kinds, needs = (INFERENCE_COMPONENT,), (Endpoints,)

    def __init__(self, platform: Platform, engine: ResourceEngine, endpoints: Endpoints) -> None:
        self._platform, self._engine, self._endpoints = platform, engine, endpoints
        self._routing = endpoints.components
        self._placement = CopyPlacement(engine, endpoints)
        platform.scalable[COPIES] = ScalableComponents(platform, engine, self.update_runtime)
        self.operations: dict[str, Operation] = {
            "CreateInferenceComponent": self.create,
            "DescribeInferenceComponent": describe(engine, INFERENCE_COMPONENT),
            "ListInferenceComponents": list_page(engine, INFERENCE_COMPONENT, "InferenceComponents"),
            "UpdateInferenceComponent": self.update,
            "UpdateInferenceComponentRuntimeConfig": self.update_runtime,
            "DeleteInferenceComponent": self.delete,
        }

    # ---- operations ---------------------------------------------------------------------------------------------------------

    async def create(self, context: Context, params: dict) -> dict:
        name, specification = params["InferenceComponentName"], params.get("Specification")
        if specification is None and "Specifications" not in params:
            raise invalid("CreateInferenceComponent needs a Specification.")
        if specification and "BaseInferenceComponentName" in specification:
            adapters.refuse(self._engine, context, self._placement.endpoint(context, params["EndpointName"]), params)
        specifications.check(params, "CreateInferenceComponent")
        count = _copies(params)
        endpoint, host = self._placement.host(context, params["EndpointName"], params.get("VariantName"))
        variant = await asyncio.to_thread(self._variant, context, endpoint, host, name, specification, "CreateInferenceComponent")
        self._placement.host(context, params["EndpointName"], params.get("VariantName"))  # still there
        document = {
            "EndpointName": endpoint["EndpointName"],
            "EndpointArn": endpoint["EndpointArn"],
            "VariantName": host["VariantName"],
            "Specification": specifications.described(specification, variant, self._engine.now()),
            "RuntimeConfig": {"DesiredCopyCount": count, "CurrentCopyCount": 0},
            "InferenceComponentStatus": "Creating",
            "_Variant": variant,
            "_Places": [],
        }
        arn = self._engine.create(context, INFERENCE_COMPONENT, name, document, params.get("Tags", ()))
        self._platform.logs.ensure_group(context.region, model_server.component_log_group(name))
        self._endpoints.later(self._finish_create, context, name, count)
        return {"InferenceComponentArn": arn}

    async def update(self, context: Context, params: dict) -> dict:
        name, specification = params["InferenceComponentName"], params.get("Specification")
        present = self._engine.get(context, INFERENCE_COMPONENT, name)
        if not {"Specification", "Specifications", "RuntimeConfig"} & params.keys():
            raise invalid("UpdateInferenceComponent needs a Specification or a RuntimeConfig.")
        count, deployment = params.get("RuntimeConfig", {}).get("CopyCount"), params.get("DeploymentConfig")
        plan = component_plan(deployment, present["RuntimeConfig"]["DesiredCopyCount"] if count is None else count)
        if specification is None and "Specifications" not in params:
            return self._resize(context, name, count, {"LastDeploymentConfig": deployment} if deployment else {})
        specifications.check(params, "UpdateInferenceComponent")
        endpoint, host = self._placement.host(context, present["EndpointName"], present["VariantName"])
        variant = await asyncio.to_thread(self._variant, context, endpoint, host, name, specification, "UpdateInferenceComponent")
        begun = {"LastDeploymentConfig": deployment}
        document = self._engine.update(context, INFERENCE_COMPONENT, name, lambda document: self._changed(context, document, count) | begun)
        shown = specifications.described(specification, variant, self._engine.now())
        if plan is not None and document["_Places"] and document["RuntimeConfig"]["DesiredCopyCount"]:
            self._endpoints.later(self._roll, context, name, variant, shown, plan)
        else:
            self._endpoints.later(self._finish_update, context, name, variant, shown)
        return {"InferenceComponentArn": document["InferenceComponentArn"]}

    def update_runtime(self, context: Context, params: dict) -> dict:
        return self._resize(context, params["InferenceComponentName"], params["DesiredRuntimeConfig"]["CopyCount"])

    def delete(self, context: Context, params: dict) -> None:
        name = params["InferenceComponentName"]
        self._engine.update(
            context, INFERENCE_COMPONENT, name, lambda document: self._settled(context, document) | {"InferenceComponentStatus": "Deleting"}
        )
        self._platform.scalable_targets.forget(context.region, f"inference-component/{name}")
        self._endpoints.later(self._finish_delete, context, name, self._routing.close(context.region, name))

    def _resize(self, context: Context, name: str, count: int, more: dict | None = None) -> dict:
        begun = more or {}
        document = self._engine.update(context, INFERENCE_COMPONENT, name, lambda document: self._changed(context, document, count) | begun)
        self._endpoints.later(self._finish_resize, context, name, count)
        return {"InferenceComponentArn": document["InferenceComponentArn"]}

    # ---- after the answer, in threads ---------------------------------------------------------------------------------------

    def _finish_create(self, context: Context, name: str, count: int) -> None:
        try:
            document = self._placement.allocate(context, name, count)
            fleet = self._started(context, document, document["_Variant"], count)
        except (HostingError, AwsError) as error:
            self._failed(context, name, {"InferenceComponentStatus": "Failed"}, error)
            return
        self._routing.open(context.region, name, fleet, document["EndpointName"])
        self._endpoints.utilization.begin()
        self._record(context, document, document["_Variant"])
        self._change(context, name, lambda document: _serving(count) | {"_Places": document["_Arriving"], "_Arriving": None})

    def _record(self, context: Context, component: Document, variant: dict) -> None:
        """Record the lineage of a component that is about to be in service with ``variant``."""
        if endpoint := self._engine.find(context, ENDPOINT, component["EndpointName"]):
            endpoint_lineage.record_component(self._engine, context, endpoint, component, variant)

    def _finish_update(self, context: Context, name: str, variant: dict, shown: dict) -> None:
        """Start copies of the new specification beside the old ones, move the traffic to them, and end the old ones."""
        document = self._engine.get(context, INFERENCE_COMPONENT, name)
        count = document["RuntimeConfig"]["DesiredCopyCount"]
        try:
            document = self._placement.allocate(context, name, count, variant)
            fleet = self._started(context, document, variant, count)
        except (HostingError, AwsError) as error:
            self._failed(context, name, _serving(len(document["_Places"])), error)
            return
        before = self._routing.get(context.region, name).replace_fleet(fleet)
        self._record(context, document, variant)
        done = {"Specification": shown, "_Variant": variant, "_Places": document["_Arriving"], "_Arriving": None}
        self._change(context, name, done | {"_Leaving": document["_Places"]})
        self._endpoints.retire(before)
        self._left(context, name, count)

    def _roll(self, context: Context, name: str, variant: dict, shown: dict, plan: DeploymentPlan) -> None:
        """Replace the copies by copies of the new specification, batch by batch."""
        document = self._engine.get(context, INFERENCE_COMPONENT, name)
        count, before = document["RuntimeConfig"]["DesiredCopyCount"], len(document["_Places"])
        router, change = self._routing.get(context.region, name), partial(self._change, context, name)
        change({"_Rolling": before})
        fleet = self._started(context, document, variant, 0)
        with self._endpoints.rollouts.during(ComponentRollout(context, name, plan, router, self._placement, change)) as rollout:
            try:
                rollout.deploy(fleet, variant, count)
            except RolledBack as error:
                self._endpoints.retire(fleet)
                places = len(self._engine.get(context, INFERENCE_COMPONENT, name)["_Places"])
                self._failed(context, name, _serving(places) | {"_Rolling": None}, error)
                return
            old = router.replace_fleet(fleet)
            self._record(context, document, variant)
            change(lambda document: _replaced(document, shown, variant) | _serving(count))
        self._endpoints.retire(old)
        self._placement.release(context, name)

    def _finish_resize(self, context: Context, name: str, count: int) -> None:
        router, document = self._routing.get(context.region, name), self._engine.get(context, INFERENCE_COMPONENT, name)
        present, variant = len(document["_Places"]), document["VariantName"]
        if count <= present:
            leaving = router.resize(variant, count)
            self._change(context, name, {"_Places": document["_Places"][:count], "_Leaving": document["_Places"][count:]})
            router.fleet.retire(leaving)
            self._left(context, name, count)
            return
        try:
            document = self._placement.allocate(context, name, count - present)
            instances.start(router.resize(variant, count))
        except (HostingError, AwsError) as error:
            router.resize(variant, present)
            self._failed(context, name, _serving(present), error)
            return
        places = document["_Places"] + document["_Arriving"]
        self._change(context, name, _serving(count) | {"_Places": places, "_Arriving": None})

    def _left(self, context: Context, name: str, count: int) -> None:
        """Record that all leaving copies have ended."""
        self._change(context, name, _serving(count) | {"_Leaving": None})
        self._placement.release(context, name)

    def _finish_delete(self, context: Context, name: str, fleet: Fleet | None) -> None:
        if fleet is not None:
            self._endpoints.retire(fleet)
        if not self._endpoints.ending:
            self._change(context, name, {"_Places": []})
            self._placement.release(context, name)
            self._engine.delete(context, INFERENCE_COMPONENT, name)

    def _return(self, context: Context, document: Document) -> None:
        """Start a component again that was in service when the local AWS ended."""
        name = document["InferenceComponentName"]
        try:
            fleet = self._started(context, document, document["_Variant"], len(document["_Places"]))
        except HostingError as error:
            self._routing.close(context.region, name)
            self._failed(context, name, {"InferenceComponentStatus": "Failed", "_Places": []}, error)
            return
        self._routing.get(context.region, name).replace_fleet(fleet)
        self._endpoints.utilization.begin()

    def _started(self, context: Context, document: Document, variant: dict, count: int) -> Fleet:
        """A fleet of copies that all answer. Raises HostingError, StartCancelled."""
        settings = {"Component": document["InferenceComponentName"]}
        return self._endpoints.start(context, document["EndpointName"], variant | {"InstanceCount": count}, settings)

    def _failed(self, context: Context, name: str, changes: dict, error: Exception) -> None:
        """Record a failed change and its reason. A component in service goes on as before."""
        reason = error.message if isinstance(error, AwsError) else str(error)
        self._change(context, name, changes | {"FailureReason": reason, "_Arriving": None})
        self._placement.release(context, name)

    def _change(self, context: Context, name: str, changes: Changes) -> None:
        if not self._endpoints.ending:
            self._engine.update(context, INFERENCE_COMPONENT, name, changes)

    # ---- parts --------------------------------------------------------------------------------------------------------------

    def _variant(self, context: Context, endpoint: Document, host: dict, name: str, specification: dict, operation: str) -> dict:
        role = endpoint["_Settings"]["ComponentRole"]
        return specifications.variant_of(self._engine, context, host, role, name, specification, operation)

    def _changed(self, context: Context, document: Document, count: int | None) -> dict:
        """The change that begins an update. Raises ``ValidationException`` if no update may begin."""
        self._settled(context, document)
        if document["InferenceComponentStatus"] == "Failed":
            raise invalid(f'Cannot update inference component "{document["InferenceComponentArn"]}" with status Failed; delete it.')
        runtime = document["RuntimeConfig"] | ({} if count is None else {"DesiredCopyCount": count})
        return {"InferenceComponentStatus": "Updating", "FailureReason": None, "RuntimeConfig": runtime}

    def _settled(self, context: Context, document: Document) -> dict:
        router, status = self._routing.get(context.region, document["InferenceComponentName"]), document["InferenceComponentStatus"]
        if status not in ("InService", "Failed") or (router is not None and router.fleet is None):
            raise invalid(f'Cannot change in-progress inference component "{document["InferenceComponentArn"]}"; its status is {status}.')
        return {}

    # ---- start and end of the local AWS -------------------------------------------------------------------------------------

    def recover(self) -> None:
        """Start components in service again. Changes that were under way have failed."""
        returning = []
        for context, document in self._engine.every(INFERENCE_COMPONENT):
            name, status = document["InferenceComponentName"], document["InferenceComponentStatus"]
            if status == "Creating":
                reason = "The local AWS ended while the inference component was being created. Delete it and create it again."
                self._change(context, name, {"InferenceComponentStatus": "Failed", "FailureReason": reason, "_Arriving": None})
            elif status == "Deleting":
                self._engine.delete(context, INFERENCE_COMPONENT, name)
            elif status != "Failed":
                returning.append((context, self._as_before(context, document) if status == "Updating" else document))
        for context, document in returning:  # only now are all unused places free
            self._restore(context, document)

    def _as_before(self, context: Context, document: Document) -> Document:
        """Undo an interrupted update, unless its new copies were already in service."""
        reason = "The local AWS ended during the update. The inference component serves as before it."
        done = "_Leaving" in document and "_Rolling" not in document
        changes = {"FailureReason": None if done else reason, "_Arriving": None, "_Leaving": None}
        changes |= _serving(len(document["_Places"]))
        return self._engine.update(context, INFERENCE_COMPONENT, document["InferenceComponentName"], changes)

    def _restore(self, context: Context, document: Document) -> None:
        name, gone = document["InferenceComponentName"], document.get("_Rolling", 0) - len(document["_Places"])
        if "_Rolling" in document:
            with contextlib.suppress(HostingError, AwsError):  # without resources it goes on with the copies that are left
                self._placement.allocate(context, name, max(0, gone), member="_Places")
            document = self._engine.update(
                context, INFERENCE_COMPONENT, name, lambda document: _serving(len(document["_Places"])) | {"_Rolling": None}
            )
        self._routing.open(context.region, name, None, document["EndpointName"])
        self._endpoints.later(self._return, context, document)


def _copies(params: dict) -> int:
    """``CopyCount`` of a new component. Wording: https://github.com/stdapi-ai/stdapi.ai/issues/43"""
    count = params.get("RuntimeConfig", {}).get("CopyCount", 0)
    if count < 1:
        raise invalid("Inference components copy count an integer larger than 0")
    return count


def _replaced(document: Document, shown: dict, variant: dict) -> dict:
    """The changes of a component whose copies have all been replaced."""
    return {"Specification": shown, "_Variant": variant, "_Places": document["_Arriving"], "_Arriving": None, "_Rolling": None}


def _serving(count: int) -> dict:
    """The members of a component in service with ``count`` copies."""
    return {"InferenceComponentStatus": "InService", "RuntimeConfig": {"DesiredCopyCount": count, "CurrentCopyCount": count}}
