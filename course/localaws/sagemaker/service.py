"""The SageMaker service: four services of botocore with one signing name. Its operations are those of `FAMILIES`."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any, TypeVar

from botocore.model import ServiceModel
from starlette.responses import Response

from course.localaws.context import Context, Operation
from course.localaws.core.call import AwsRequest
from course.localaws.core.resources import Document, ResourceEngine, ResourceKind
from course.localaws.platform import Platform
from course.localaws.protocol import rest_json
from course.localaws.protocol.model import service_model
from course.localaws.protocol.service import Service, Stages
from course.localaws.sagemaker.core import quotas
from course.localaws.sagemaker.core.family import Family
from course.localaws.sagemaker.core.metering import Metering
from course.localaws.sagemaker.core.permissions import required_permissions
from course.localaws.sagemaker.core.records import HEADER, RecordOnlyResources
from course.localaws.sagemaker.core.service_quotas import SageMakerQuotas
from course.localaws.sagemaker.core.state_events import StateEvents
from course.localaws.sagemaker.experiments.tracking import Tracking
from course.localaws.sagemaker.hosting.endpoint_configs import ENDPOINT_CONFIG
from course.localaws.sagemaker.hosting.endpoint_events import EndpointEvents
from course.localaws.sagemaker.hosting.models import MODEL

# Module below this package, and class, which is a `Family`. They start and stop in this order. The constructor gets the platform, the
# engine, and the families whose classes it lists in `needs`.
FAMILIES = (
    "pipelines.operations:Pipelines",  # first, so that it launches nothing while the others shut down
    "tuning.operations:HyperParameterTuningJobs",  # before training jobs, for the same reason
    "hosting.models:Models",
    "hosting.endpoint_configs:EndpointConfigs",
    "hosting.endpoints:Endpoints",
    "registry.model_package_groups:ModelPackageGroups",
    "registry.model_packages:ModelPackages",
    "recommender.operations:InferenceRecommendationsJobs",
    "training.operations:TrainingJobs",
    "processing.operations:ProcessingJobs",
    "transform.operations:TransformJobs",
    "experiments.experiments:Experiments",
    "experiments.trial_components:TrialComponents",
    "experiments.lineage:Lineage",
    "experiments.associations:Associations",
    "monitoring.job_definitions:JobDefinitions",
    "monitoring.schedules:MonitoringSchedules",
    "feature_store.groups:FeatureGroups",
    "core.records:RecordOnlyResources",
    "core.search:SearchFamily",
    "core.tags:Tags",
    "hosting.components.operations:InferenceComponents",
)
CONFIGURED = {"AWS::SageMaker::Model": MODEL, "AWS::SageMaker::EndpointConfig": ENDPOINT_CONFIG}  # what rules of Config evaluate
REST_SERVICES = ("sagemaker-runtime", "sagemaker-featurestore-runtime", "sagemaker-metrics")
T = TypeVar("T", bound=Family)


def _family(name: str) -> type[Family]:
    module, _, cls = name.partition(":")
    return getattr(import_module(f"course.localaws.sagemaker.{module}"), cls)


_FAMILIES = [_family(name) for name in FAMILIES]  # imported now, so that forked processes have them

logger = logging.getLogger(__name__)


def create_service(platform: Platform, stages: Stages) -> Service:
    """Returns the `Service` with signing name ``sagemaker``: SageMaker itself, its runtime, Feature Store runtime and metrics.

    A request without a handler is parsed and validated before it is refused. All other requests are authorized before their handler runs.
    """
    sagemaker = SageMaker(platform)
    return Service(
        "sagemaker",
        platform,
        sagemaker.operations,
        model_of=model_of,
        parse_all=True,
        validate_all=True,
        resource=sagemaker.resource,
        permissions=partial(required_permissions, account=platform.account, engine=sagemaker.engine),
        finish=sagemaker.mark,
        stages=stages,
        backend=sagemaker,
    )


def model_of(call: AwsRequest) -> ServiceModel:
    """Returns the model for a request. ``X-Amz-Target`` names SageMaker's own operations; method and path select those of the others."""
    if "x-amz-target" not in call.headers:
        for service in REST_SERVICES:
            if rest_json.find(service_model(service), call.request):
                return service_model(service)
    return service_model("sagemaker")


class SageMaker:
    """The families of SageMaker's operations, and the engine that stores their resources.

    Attributes
    ----------
    operations : dict
        Name -> handler.
    recorded : set of str
        The operations on resources that are only recorded.
    """

    def __init__(self, platform: Platform) -> None:
        self.engine = ResourceEngine(platform, "sagemaker", platform.state / "sagemaker.db", quotas.check_instances)
        platform.service_quotas.add(SageMakerQuotas(self.engine))
        self._platform = platform
        self._made: dict[type[Family], Any] = {}
        self._kinds: dict[str, list[ResourceKind]] = {}  # by operation: those whose name its name ends with
        self.families = [self.family(cls) for cls in _FAMILIES]
        for configured, kind in CONFIGURED.items():
            platform.configurations[configured] = partial(self._documents, kind)
        self.recorded = set(self.family(RecordOnlyResources).operations)
        self.operations: dict[str, Operation] = {}
        for family in self.families:
            self.operations |= family.operations
            self.engine.kinds |= {kind.arn: kind for kind in family.kinds}
        self._metering = Metering(platform, self.engine)
        listeners = [*(listener(platform, self.engine) for listener in (StateEvents, EndpointEvents, Tracking)), self._metering]
        listeners += [listener for family in self.families for listener in family.listeners]
        for kind in [kind for family in self.families for kind in (*family.kinds, *family.parts)]:
            self.engine.listeners[kind.name] = [listener for listener in listeners if listener.follows(kind)]

    def family(self, cls: type[T]) -> T:
        """Returns the one family of a class. The first call makes it, after the families that it needs."""
        if cls not in self._made:
            needed = [self.family(other) for other in cls.needs]
            self._made[cls] = cls(self._platform, self.engine, *needed)
        return self._made[cls]

    def _documents(self, kind: ResourceKind, region: str) -> list[Document]:
        return self.engine.documents(Context(region, self._platform.account, self._platform), kind)

    def resource(self, operation: str, params: dict) -> str:
        """Returns the resource for the request log, e.g. ``"training-job/delays-1"``; ``""`` when the operation has none."""
        if operation not in self._kinds:
            self._kinds[operation] = [kind for kind in self.engine.kinds.values() if operation.endswith(kind.name)]
        for kind in self._kinds[operation]:
            if kind.name_member in params:
                # Where AWS takes a name or an ARN, an ARN may be there.
                return f"{kind.arn}/{params[kind.name_member].rpartition(f':{kind.arn}/')[2]}"
        return ""

    def mark(self, call: AwsRequest, response: Response) -> None:
        """Mark the response of an operation on resources that are only recorded."""
        if call.operation in self.recorded:
            response.headers.update(HEADER)

    def recover(self) -> None:
        """After a start: fail or restart the work that was running when the last process ended, family by family."""
        self._each(lambda family: family.recover())
        self._metering.recover()

    def shutdown(self) -> None:
        """End every process that a family started, and close the store."""
        self._each(lambda family: family.shutdown())
        self.engine.close()

    def reset(self) -> None:
        """End all running work and delete every resource."""
        self._each(lambda family: family.reset())
        self.engine.reset()

    def _each(self, act: Callable) -> None:
        """Call a function with every family. A failure in one does not stop the others."""
        for family in self.families:
            try:
                act(family)
            except Exception:
                logger.exception("%s failed", type(family).__name__)
