"""Real-time endpoints: models that answer requests until they are deleted.

An endpoint's document is the answer of DescribeEndpoint. Its ``_Variants`` (`variants.variants_of`) are what it runs, and start again after
a restart of the local AWS. Slow work runs in a thread after the call's answer, as on AWS.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from functools import partial

from course.localaws.autoscaling.dimensions import INSTANCES, PROVISIONED
from course.localaws.context import Context, Operation
from course.localaws.core.errors import invalid
from course.localaws.core.resources import Changes, ResourceEngine, ResourceKind
from course.localaws.jobs.runner import JobRunner
from course.localaws.platform import Platform
from course.localaws.sagemaker.core import quotas
from course.localaws.sagemaker.core.failure_reasons import ENDPOINT_NO_CAPACITY
from course.localaws.sagemaker.core.family import Family, describe, list_page
from course.localaws.sagemaker.core.protection import check_volume
from course.localaws.sagemaker.hosting import endpoint_lineage
from course.localaws.sagemaker.hosting.components import placement
from course.localaws.sagemaker.hosting.deployment import stages
from course.localaws.sagemaker.hosting.deployment.guardrails import RollbackFailed, Rollout
from course.localaws.sagemaker.hosting.deployment.plans import DeploymentPlan, plan_of
from course.localaws.sagemaker.hosting.deployment.watch import ActiveDeployments, RolledBack
from course.localaws.sagemaker.hosting.endpoint_configs import ENDPOINT_CONFIG
from course.localaws.sagemaker.hosting.endpoint_descriptions import described, summary
from course.localaws.sagemaker.hosting.runtime.operations import Runtime
from course.localaws.sagemaker.hosting.runtime.routing import ComponentRoutingTable, RoutingTable
from course.localaws.sagemaker.hosting.scalable_variants import ScalableVariants, check_leaving
from course.localaws.sagemaker.hosting.servers import instances, model_server
from course.localaws.sagemaker.hosting.servers.fleets import Fleet
from course.localaws.sagemaker.hosting.servers.model_server import HostingError, StartCancelled
from course.localaws.sagemaker.hosting.utilization import Utilization
from course.localaws.sagemaker.hosting.variants import retained, settings_of, variants_of, with_capacities


def _instances(variants: list[dict]) -> list[tuple[str, int]]:
    """Instance types and counts, for quotas and bills. Here an instance is a process."""
    return [(variant["InstanceType"], variant["InstanceCount"]) for variant in variants if "InstanceType" in variant]


USAGE = "endpoint usage"
ENDPOINT = ResourceKind(
    name="Endpoint",
    arn="endpoint",
    missing='Could not find endpoint "{arn}".',
    exists='Cannot create already existing endpoint "{arn}".',
    status="EndpointStatus",
    usage=lambda document: USAGE,
    instances=lambda document: _instances([*document["_Variants"], *document["_Settings"].get("Shadows", ())]),
    holding_statuses=("Creating", "Updating", "RollingBack", "UpdateRollbackFailed", "InService"),
)

RETURNS = 2  # more attempts to start the servers of an endpoint after a restart

logger = logging.getLogger(__name__)


class Endpoints(Family):
    """The family of endpoints, and the runtime that sends them requests.

    Attributes
    ----------
    components : ComponentRoutingTable
        Inference components in service.
    utilization : Utilization
        Measures endpoints and components.
    rollouts : ActiveDeployments
        Deployments under way. `shutdown` ends them.
    """

    kinds = (ENDPOINT,)

    def __init__(self, platform: Platform, engine: ResourceEngine) -> None:
        self._platform = platform
        self._engine = engine
        self._runner = JobRunner(platform, "endpoint")
        self._routing = RoutingTable()
        self.components = ComponentRoutingTable()
        self._runtime = Runtime(platform, self._routing, self.components)
        self.utilization = Utilization(platform, self._routing, self.components, self._places_of)
        self._fleets: set[Fleet] = set()  # all that have processes, in service or not
        variants = ScalableVariants(
            platform, lambda context, name: engine.find(context, ENDPOINT, name), self.update_weights_and_capacities
        )
        platform.scalable |= {INSTANCES: variants, PROVISIONED: variants}
        self.rollouts = ActiveDeployments()
        self._stopping = threading.Event()
        self._threads: set[threading.Thread] = set()
        self.operations: dict[str, Operation] = {
            "CreateEndpoint": self.create,
            "DescribeEndpoint": describe(engine, ENDPOINT),
            "ListEndpoints": list_page(engine, ENDPOINT, "Endpoints"),
            "DeleteEndpoint": self.delete,
            "UpdateEndpoint": self.update,
            "UpdateEndpointWeightsAndCapacities": self.update_weights_and_capacities,
            **self._runtime.operations,
        }

    # ---- operations ---------------------------------------------------------------------------------------------------------

    async def create(self, context: Context, params: dict) -> dict:
        name = params["EndpointName"]
        config, variants, settings = await asyncio.to_thread(self._planned, context, params, "CreateEndpoint")
        plan_of(params.get("DeploymentConfig"), variants)
        document = {
            "EndpointConfigName": config["EndpointConfigName"],
            "EndpointStatus": "Creating",
            "LastDeploymentConfig": params.get("DeploymentConfig"),
            **described(config, variants, settings, self._engine.now(), "Creating"),
            "_Variants": variants,
            "_Settings": settings,
        }
        document = {member: value for member, value in document.items() if value is not None}
        arn = self._engine.create(context, ENDPOINT, name, document, params.get("Tags", ()))
        self._platform.logs.ensure_group(context.region, model_server.log_group(name))
        self._runtime.queued.drop(context.region, name)  # an endpoint of that name may have left requests before a reset
        self.later(self._finish_create, context, name, config, variants, settings)
        return {"EndpointArn": arn}

    def delete(self, context: Context, params: dict) -> None:
        name = params["EndpointName"]
        placement.check_none(self._engine, context, self._engine.get(context, ENDPOINT, name))
        self._engine.update(context, ENDPOINT, name, lambda document: self._settled(context, document) and {"EndpointStatus": "Deleting"})
        fleet = self._routing.close(context.region, name)
        self._engine.delete(context, ENDPOINT, name)
        self._runtime.queued.drop(context.region, name)
        self._platform.scalable_targets.forget(context.region, f"endpoint/{name}")
        if fleet is not None:
            self.later(self.retire, fleet)

    async def update(self, context: Context, params: dict) -> dict:
        name = params["EndpointName"]
        self._engine.get(context, ENDPOINT, name)
        config, variants, settings = await asyncio.to_thread(self._planned, context, params, "UpdateEndpoint")
        present = self._engine.get(context, ENDPOINT, name)
        previous = present.get("LastDeploymentConfig") if params.get("RetainDeploymentConfig") else None
        deployment = params.get("DeploymentConfig", previous)
        if params.get("RetainAllVariantProperties"):
            excluded = {item["VariantPropertyType"] for item in params.get("ExcludeRetainedVariantProperties", ())}
            variants = retained(variants, present["_Variants"], excluded)
        self._check_quota(context, name, variants)
        check_leaving(self._platform.scalable_targets, context.region, present, variants)
        placement.check_instances(self._engine, context, present, variants)
        plan, arriving = plan_of(deployment, variants), described(config, variants, settings, self._engine.now(), "Creating")
        members = ("ProductionVariants", "ShadowProductionVariants")
        pending = {"EndpointConfigName": config["EndpointConfigName"], "StartTime": self._engine.now()}
        pending |= {member: arriving[member] for member in members if arriving[member]}
        begun = {"LastDeploymentConfig": deployment, "PendingDeploymentSummary": pending}
        document = self._engine.update(context, ENDPOINT, name, lambda document: self._changeable(context, document) | begun)
        self.later(self._finish_update, context, name, config, variants, settings, plan)
        return {"EndpointArn": document["EndpointArn"]}

    def update_weights_and_capacities(self, context: Context, params: dict) -> dict:
        name = params["EndpointName"]
        present = self._engine.get(context, ENDPOINT, name)
        to_zero = "Async" in present["_Settings"] or "ComponentRole" in present["_Settings"]
        desired = params["DesiredWeightsAndCapacities"]
        variants = with_capacities(present["_Variants"], desired, present["EndpointArn"], to_zero)
        self._check_quota(context, name, variants)
        placement.check_instances(self._engine, context, present, variants)
        resizing = {"ProductionVariants": stages.resizing(present["ProductionVariants"], variants, self._engine.now())}
        self._engine.update(context, ENDPOINT, name, lambda document: self._changeable(context, document) | resizing)
        self.later(self._finish_resize, context, name, variants)
        return {"EndpointArn": present["EndpointArn"]}

    # ---- after the answer, in threads ---------------------------------------------------------------------------------------

    def _finish_create(self, context: Context, name: str, config: dict, variants: list[dict], settings: dict) -> None:
        try:
            fleet = self._started(context, name, variants, settings)
        except HostingError as error:
            self._change(context, name, {"EndpointStatus": "Failed", "FailureReason": str(error)})
            return
        self._routing.open(context.region, name, fleet)
        self.utilization.begin()
        endpoint_lineage.record_deployment(self._engine, context, self._engine.get(context, ENDPOINT, name))
        self._change(context, name, {"EndpointStatus": "InService", **described(config, variants, settings, self._engine.now())})

    def _finish_update(self, context: Context, name: str, config: dict, variants: list[dict], settings: dict, plan: DeploymentPlan) -> None:
        router, change = self._routing.get(context.region, name), partial(self._change, context, name)
        with self.rollouts.during(Rollout(self._platform, context.region, plan, router, change)) as rollout:
            try:
                fleet = rollout.deployed(lambda planned: self._started(context, name, planned, settings), self.retire, variants)
            except (HostingError, RolledBack, RollbackFailed) as error:
                # The endpoint goes on as before, and its FailureReason says why the update failed.
                status, reason = "UpdateRollbackFailed" if isinstance(error, RollbackFailed) else "InService", str(error)
                change(lambda document: {"EndpointStatus": status} | self._as_before(document, reason))
                return
            # Once a caller sees InService, only the new servers may answer: replace the fleet first.
            before = router.replace_fleet(fleet)
            changes = {
                "EndpointStatus": "InService",
                "FailureReason": None,
                "PendingDeploymentSummary": None,
                "EndpointConfigName": config["EndpointConfigName"],
                **described(config, variants, settings, self._engine.now()),
                "_Variants": variants,
                "_Settings": settings,
            }
            endpoint_lineage.record_deployment(self._engine, context, self._engine.get(context, ENDPOINT, name) | changes)
            change(changes)
        self.retire(before)

    def _as_before(self, document: dict, reason: str) -> dict:
        """The changes of a document when an update failed."""
        kept = [summary(variant, self._engine.now()) for variant in document["_Variants"]]
        return {"FailureReason": reason, "ProductionVariants": kept, "PendingDeploymentSummary": None}

    def _finish_resize(self, context: Context, name: str, variants: list[dict]) -> None:
        router, failure = self._routing.get(context.region, name), None
        router.set_weights({variant["VariantName"]: variant["Weight"] for variant in variants})
        before = {variant.name: len(variant.instances) for variant in router.fleet.variants.values()}
        added, removed = [], []
        for variant in variants:
            if "Serverless" in variant:
                continue
            changed = router.resize(variant["VariantName"], variant["InstanceCount"])
            (added if variant["InstanceCount"] > before[variant["VariantName"]] else removed).extend(changed)
        try:
            instances.start(added)
            router.fleet.configure({variant["VariantName"]: variant["Serverless"] for variant in variants if "Serverless" in variant})
        except HostingError as error:
            failure = str(error)
            variants = [variant | {"InstanceCount": min(variant["InstanceCount"], before[variant["VariantName"]])} for variant in variants]
            for variant in variants:
                router.resize(variant["VariantName"], variant["InstanceCount"])
        summaries = [summary(variant, self._engine.now()) for variant in variants]
        changes = {"EndpointStatus": "InService", "FailureReason": failure, "ProductionVariants": summaries, "_Variants": variants}
        self._change(context, name, changes)
        router.fleet.retire(removed)

    def _return(self, context: Context, document: dict) -> None:
        """Start an endpoint again that was in service when the local AWS ended."""
        name = document["EndpointName"]
        for delay in (*model_server.RESTART_DELAYS[:RETURNS], None):  # they did start once, so the problem may pass
            try:
                fleet = self._started(context, name, document["_Variants"], document["_Settings"])
                break
            except HostingError as error:
                if delay is None:
                    self._routing.close(context.region, name)
                    self._change(context, name, {"EndpointStatus": "Failed", "FailureReason": str(error)})
                    return
                if self._stopping.wait(delay):
                    return
        self._routing.get(context.region, name).replace_fleet(fleet)
        self.utilization.begin()

    def _started(self, context: Context, name: str, variants: list[dict], settings: dict) -> Fleet:
        """A fleet whose servers all answer. Raises HostingError, StartCancelled."""
        fleet = Fleet(self._runner, context, name, variants, settings)
        self._fleets.add(fleet)
        if "Async" in settings:
            self._runtime.queued.begin()
        try:
            if self._stopping.is_set():
                raise StartCancelled
            fleet.start()
        except Exception:
            self._fleets.discard(fleet)
            raise
        return fleet

    def retire(self, fleet: Fleet) -> None:
        """End a fleet that takes no requests any more when its last one is answered."""
        fleet.retire()
        self._fleets.discard(fleet)

    def _change(self, context: Context, name: str, changes: Changes) -> None:
        if not self._stopping.is_set():
            self._engine.update(context, ENDPOINT, name, changes)

    def later(self, work: Callable, *arguments: object) -> None:
        """Run ``work`` in a thread that `shutdown` waits for."""

        def run() -> None:
            try:
                with self._platform.scheduler.working():
                    work(*arguments)
            except StartCancelled:
                pass
            except Exception:
                logger.exception("%s%r failed", work.__name__, arguments[1:2])
            finally:
                self._threads.discard(threading.current_thread())

        thread = threading.Thread(target=run, name=f"endpoints {work.__name__}", daemon=True)
        self._threads.add(thread)
        thread.start()

    # ---- for inference components -------------------------------------------------------------------------------------------

    def start(self, context: Context, name: str, variant: dict, settings: dict) -> Fleet:
        """A fleet of one component's copies, which all answer. Raises HostingError, StartCancelled."""
        return self._started(context, name, [variant], settings)

    @property
    def ending(self) -> bool:
        """Whether `shutdown` is under way. Failures during it must not be recorded."""
        return self._stopping.is_set()

    def _places_of(self, region: str, component: str) -> list[int]:
        """The instance number of each copy of a component."""
        return placement.instances_of(self._engine, Context(region, self._platform.account, self._platform), component)

    def count(self, context: Context, name: str, variant: str, counted: Callable[[dict], int]) -> None:
        """Change the number of instances of a variant that hosts components. New instances are empty, so there is no wait.

        Raises
        ------
        AwsError
            ``ResourceLimitExceeded``, or an error of ``counted``, which receives the variant and returns the number.
        HostingError
            AWS has no more instances of that type.
        """

        def changed(document: dict) -> dict:
            [present] = [each for each in document["_Variants"] if each["VariantName"] == variant]
            wanted = present | {"InstanceCount": counted(present)}
            if wanted["InstanceCount"] > present["InstanceCount"] and self._platform.capacity.lacks(present["InstanceType"]):
                raise HostingError(ENDPOINT_NO_CAPACITY)
            variants = [wanted if each is present else each for each in document["_Variants"]]
            self._check_quota(context, name, variants)
            return {"_Variants": variants, "ProductionVariants": [summary(each, self._engine.now()) for each in variants]}

        document = self._engine.update(context, ENDPOINT, name, changed)
        router = self._routing.get(context.region, name)
        if router is not None and router.fleet is not None:
            [count] = [each["InstanceCount"] for each in document["_Variants"] if each["VariantName"] == variant]
            router.resize(variant, count)

    # ---- start and end of the local AWS -------------------------------------------------------------------------------------

    def recover(self) -> None:
        """Start endpoints in service again. Changes that were under way have failed."""
        self._runner.recover()
        for context, document in self._engine.every(ENDPOINT):
            name, status = document["EndpointName"], document["EndpointStatus"]
            if status == "Creating":
                reason = "The local AWS ended while the endpoint was being created. Delete the endpoint and create it again."
                self._change(context, name, {"EndpointStatus": "Failed", "FailureReason": reason})
            elif status == "Deleting":
                self._engine.delete(context, ENDPOINT, name)
            elif status != "Failed":
                if status != "InService":
                    reason = "The local AWS ended during the update. The endpoint serves as before it."
                    self._change(context, name, {"EndpointStatus": "InService"} | self._as_before(document, reason))
                self._routing.open(context.region, name, None)
                self.later(self._return, context, document)

    def flush(self) -> None:
        """Write the metrics and captured data of all invocations so far."""
        self._runtime.flush()

    def shutdown(self) -> None:
        """Kill all servers, including those that are starting or retiring. New ones may be started afterwards."""
        self._stopping.set()
        self._runtime.queued.stop()  # first, because answers of servers that are being killed do not count
        self.rollouts.end()
        for fleet in list(self._fleets):
            fleet.stop()
        for thread in list(self._threads):
            thread.join()
        self._fleets.clear()
        self._routing.clear()
        self.components.clear()
        self._runtime.close()
        self._stopping.clear()

    # ---- parts --------------------------------------------------------------------------------------------------------------

    def _planned(self, context: Context, params: dict, operation: str) -> tuple[dict, list[dict], dict]:
        """The endpoint configuration that a request names, its variants and its settings."""
        config = self._engine.get(context, ENDPOINT_CONFIG, params["EndpointConfigName"])
        check_volume(self._platform, context, config.get("KmsKeyId"))
        variants = variants_of(self._engine, context, config, operation)
        return config, variants, settings_of(self._engine, context, config, variants, operation)

    def _check_quota(self, context: Context, name: str, variants: list[dict]) -> None:
        """Raises ``ResourceLimitExceeded`` when ``variants`` and all other endpoints of the region would hold too many instances."""
        endpoints = self._engine.documents(context, ENDPOINT)
        others = [each for each in endpoints if each["EndpointName"] != name and each["EndpointStatus"] in ENDPOINT.holding_statuses]
        held = [pair for other in others for pair in _instances(other["_Variants"])]
        quotas.check_instances(context, USAGE, _instances(variants), held)

    def _changeable(self, context: Context, document: dict) -> dict:
        """The change that begins an update. Raises ``ValidationException`` if no update may begin."""
        self._settled(context, document)
        if document["EndpointStatus"] == "Failed":
            raise invalid(f'Cannot update endpoint "{document["EndpointArn"]}" with status Failed; delete it.')
        return {"EndpointStatus": "Updating", "FailureReason": None}

    def _settled(self, context: Context, document: dict) -> bool:
        router = self._routing.get(context.region, document["EndpointName"])
        if document["EndpointStatus"] not in ("InService", "Failed", "UpdateRollbackFailed") or (
            router is not None and router.fleet is None
        ):
            raise invalid(f'Cannot update in-progress endpoint "{document["EndpointArn"]}".')
        return True
