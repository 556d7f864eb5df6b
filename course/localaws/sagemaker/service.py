"""The SageMaker service: routes a request to its operation, validates it, runs the family's behaviour and answers by the model.

What the local AWS does not support says so to every caller; all else asks the caller's policies first.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.responses import Response

from course.localaws.core.call import AwsRequest
from course.localaws.core.context import Context, Operation
from course.localaws.core.errors import not_supported
from course.localaws.core.resources import ResourceEngine
from course.localaws.sagemaker.core import quotas
from course.localaws.sagemaker.core.permissions import required_permissions
from course.localaws.sagemaker.core.records import HEADER, RecordOnlyResources
from course.localaws.sagemaker.core.routes import REST_SERVICES, contract_of
from course.localaws.sagemaker.core.search import SearchFamily
from course.localaws.sagemaker.core.state_events import StateEvents
from course.localaws.sagemaker.core.tags import Tags
from course.localaws.sagemaker.experiments.associations import Associations
from course.localaws.sagemaker.experiments.experiments import Experiments
from course.localaws.sagemaker.experiments.lineage import Lineage
from course.localaws.sagemaker.experiments.tracking import Tracking
from course.localaws.sagemaker.experiments.trial_components import TrialComponents
from course.localaws.sagemaker.hosting.components.operations import InferenceComponents
from course.localaws.sagemaker.hosting.endpoint_configs import EndpointConfigs
from course.localaws.sagemaker.hosting.endpoint_events import EndpointEvents
from course.localaws.sagemaker.hosting.endpoints import Endpoints
from course.localaws.sagemaker.hosting.models import Models
from course.localaws.sagemaker.monitoring.schedules import MonitoringSchedules
from course.localaws.sagemaker.processing.operations import ProcessingJobs
from course.localaws.sagemaker.recommender.operations import InferenceRecommendationsJobs
from course.localaws.sagemaker.registry.model_package_groups import ModelPackageGroups
from course.localaws.sagemaker.registry.model_packages import ModelPackages
from course.localaws.sagemaker.training.operations import TrainingJobs
from course.localaws.sagemaker.training.spot import Interruption
from course.localaws.sagemaker.transform.operations import TransformJobs
from course.localaws.sagemaker.tuning.operations import HyperParameterTuningJobs

if TYPE_CHECKING:
    from course.localaws.platform import Platform


FAMILIES = (
    Models, EndpointConfigs, Endpoints, ModelPackageGroups, ModelPackages, InferenceRecommendationsJobs, TrainingJobs, ProcessingJobs,
    TransformJobs, Experiments, TrialComponents, Lineage, Associations, MonitoringSchedules, RecordOnlyResources, SearchFamily, Tags,
)  # fmt: skip

logger = logging.getLogger(__name__)


class SageMaker:
    """A `Service` for the signing name ``sagemaker``: SageMaker itself, its runtime, Feature Store runtime and metrics.

    Attributes
    ----------
    recorded : set of str
        The operations about resources that are only recorded.
    """

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self.engine = ResourceEngine(platform, "sagemaker", platform.state / "sagemaker.db", quotas.check_instances)
        self.engine.listeners = (StateEvents(platform, self.engine), EndpointEvents(platform, self.engine), Tracking(platform, self.engine))
        self.families = [family(platform, self.engine) for family in FAMILIES]
        [self._training] = [family for family in self.families if isinstance(family, TrainingJobs)]
        [self.endpoints] = [family for family in self.families if isinstance(family, Endpoints)]
        # Before the training jobs that they launch, so that no more are launched while those are shut down.
        self.families.insert(0, HyperParameterTuningJobs(platform, self.engine, self._training))
        self.components = InferenceComponents(platform, self.engine, self.endpoints)
        self.families.append(self.components)
        self.recorded = {name for family in self.families if isinstance(family, RecordOnlyResources) for name in family.operations}
        self._operations: dict[str, Operation] = {}
        for family in self.families:
            self._operations |= family.operations
            self.engine.kinds |= {kind.arn: kind for kind in family.kinds}

    async def __call__(self, call: AwsRequest) -> Response:
        contract = contract_of(call.request)
        call.operation, params = contract.parse(call, await call.body())
        call.resource = self._resource(call.operation, params)
        contract.validate(call.operation, params)
        behaviour = self._operations.get(call.operation)
        if behaviour is None:
            raise not_supported(contract.service, call.operation)
        refusal_status = 403 if contract.service in REST_SERVICES else 400
        await self._platform.identity.callers.require(
            call, required_permissions(call, params, self._platform.account, self.engine), refusal_status
        )
        result = behaviour(Context.of(self._platform, call), params)
        if inspect.isawaitable(result):
            result = await result
        response = result if isinstance(result, Response) else contract.serialise(call.operation, result)
        if call.operation in self.recorded:
            response.headers.update(HEADER)
        return response

    def _resource(self, operation: str, params: dict) -> str:
        """What the request log shows as the operation's resource, e.g. ``"training-job/delays-1"``; ``""`` when it has none."""
        for kind in self.engine.kinds.values():
            if operation.endswith(kind.name) and kind.name_member in params:
                return f"{kind.arn}/{params[kind.name_member]}"
        return ""

    def interrupt(self, training_job: str, interruption: Interruption) -> None:
        """Take a Spot training job's instance away. Raises ValueError."""
        self._training.interrupt(training_job, interruption)

    def expire(self) -> None:
        """End what is over by the clock, before somebody looks at what runs."""
        self._training.expire()

    def recover(self) -> None:
        """After a start: what the last process left running is failed or brought back, family by family."""
        self._each(lambda family: family.recover())

    def shutdown(self) -> None:
        """End every process that a family started, and close the store."""
        self._each(lambda family: family.shutdown())
        self.engine.close()

    def reset(self) -> None:
        """End what runs and forget every resource."""
        self._each(lambda family: family.shutdown())
        self.engine.reset()

    def _each(self, act: Callable) -> None:
        """Do something with every family; what fails in one keeps no other from it."""
        for family in self.families:
            try:
                act(family)
            except Exception:
                logger.exception("%s failed", type(family).__name__)


def sagemaker_service(platform: Platform) -> SageMaker:
    return SageMaker(platform)
