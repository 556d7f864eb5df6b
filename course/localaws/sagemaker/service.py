"""The SageMaker service: routes a request to its operation, validates it, runs the family's behaviour and answers by the model."""

from __future__ import annotations

import importlib
import inspect
from typing import TYPE_CHECKING

from starlette.responses import Response

from course.localaws.call import Call
from course.localaws.contract import Contract
from course.localaws.errors import not_supported
from course.localaws.sagemaker.context import Context, Operation
from course.localaws.sagemaker.engine import Engine
from course.localaws.sagemaker.runtime_routes import contract_of

if TYPE_CHECKING:
    from course.localaws.platform import Platform

FAMILIES = (
    "models:Models",
    "endpoint_configs:EndpointConfigs",
    "tags:Tags",
    "training:TrainingJobs",
    "processing:ProcessingJobs",
    "endpoints:Endpoints",
)


def families(platform: Platform, engine: Engine) -> list:
    """Every family of resources, each constructed with the platform and the one engine."""
    made = []
    for family in FAMILIES:
        module, name = family.split(":")
        try:
            made.append(getattr(importlib.import_module(f"course.localaws.sagemaker.{module}"), name)(platform, engine))
        except ModuleNotFoundError:
            continue
    return made


class SageMaker:
    """A `Service` for the signing name ``sagemaker``: SageMaker itself, its runtime, Feature Store runtime and metrics."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self.engine = Engine(platform)
        self._families = families(platform, self.engine)
        self._operations: dict[str, Operation] = {}
        for family in self._families:
            self._operations |= family.operations

    async def __call__(self, call: Call) -> Response:
        contract: Contract = contract_of(call.request)
        call.operation, params = contract.parse(call, await call.body())
        contract.validate(call.operation, params)
        behaviour = self._operations.get(call.operation)
        if behaviour is None:
            raise not_supported(contract.service, call.operation)
        result = behaviour(Context.of(self._platform, call), params)
        if inspect.isawaitable(result):
            result = await result
        return result if isinstance(result, Response) else contract.serialise(call.operation, result)

    def recover(self) -> None:
        """After a start: what the last process left running is failed or brought back, family by family."""
        for family in self._families:
            family.recover()

    def shutdown(self) -> None:
        """End every process that a family started, and close the store."""
        for family in self._families:
            family.shutdown()
        self.engine.close()

    def reset(self) -> None:
        """End what runs and forget every resource."""
        for family in self._families:
            family.shutdown()
        self.engine.reset()


def sagemaker_service(platform: Platform) -> SageMaker:
    return SageMaker(platform)
