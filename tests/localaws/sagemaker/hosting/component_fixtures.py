"""Helpers of the tests of inference components, on top of those of endpoints."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.localaws.sagemaker.hosting.endpoint_fixtures import ROLE, SKLEARN, EndpointFixtures, echo, until

MEMORY = 8192  # MB of an ml.m5.large, which has two cores


class ComponentFixtures(EndpointFixtures):
    """Creates endpoints whose variants have no model, and components on them."""

    def host(self, count: int = 1, **variant: Any) -> str:
        """An endpoint in service that hosts components."""
        config = self.config({"InitialInstanceCount": count} | variant, ExecutionRoleArn=ROLE)
        name = self.create(config)
        assert self.settled(name)["EndpointStatus"] == "InService"
        return name

    def component(self, endpoint: str, model: str, copies: int = 1, memory: int = 1024, **specification: Any) -> str:
        """A component; ``specification`` adds or replaces members of its Specification."""
        name = self.name("component")
        self.sagemaker.create_inference_component(
            InferenceComponentName=name,
            EndpointName=endpoint,
            VariantName="AllTraffic",
            Specification={"ModelName": model, "ComputeResourceRequirements": needs(memory)} | specification,
            RuntimeConfig={"CopyCount": copies},
        )
        return name

    def component_settled(self, name: str) -> dict:
        def settled() -> dict | None:
            described = self.sagemaker.describe_inference_component(InferenceComponentName=name)
            return None if described["InferenceComponentStatus"] in ("Creating", "Updating", "Deleting") else described

        return until(settled, f"{name} is settled")

    def served(self, endpoint: str, answer: str = "a", **more: Any) -> str:
        """A component in service that gives the same answer to every request."""
        name = self.component(endpoint, self.model(echo(answer), SKLEARN), **more)
        described = self.component_settled(name)
        assert described["InferenceComponentStatus"] == "InService", described.get("FailureReason")
        return name

    def ask(self, endpoint: str, component: str) -> str:
        return self.invoke(endpoint, InferenceComponentName=component)

    def scale(self, component: str, copies: int) -> dict:
        self.sagemaker.update_inference_component_runtime_config(
            InferenceComponentName=component, DesiredRuntimeConfig={"CopyCount": copies}
        )
        return self.component_settled(component)

    def remove(self, component: str) -> None:
        self.sagemaker.delete_inference_component(InferenceComponentName=component)
        until(lambda: self._component_gone(component), f"{component} is deleted")

    def instances(self, endpoint: str) -> int:
        [variant] = self.sagemaker.describe_endpoint(EndpointName=endpoint)["ProductionVariants"]
        return variant["CurrentInstanceCount"]

    def close(self) -> None:
        for endpoint in self.endpoints:
            for component in self.sagemaker.list_inference_components(EndpointNameEquals=endpoint)["InferenceComponents"]:
                self.component_settled(component["InferenceComponentName"])
                self.remove(component["InferenceComponentName"])
        super().close()

    def _component_gone(self, name: str) -> bool:
        try:
            self.sagemaker.describe_inference_component(InferenceComponentName=name)
        except ClientError as error:
            return "Could not find inference component" in str(error)
        return False


def needs(memory: int, cores: float | None = None, accelerators: float | None = None, most: int | None = None) -> dict:
    members = {
        "MinMemoryRequiredInMb": memory,
        "MaxMemoryRequiredInMb": most,
        "NumberOfCpuCoresRequired": cores,
        "NumberOfAcceleratorDevicesRequired": accelerators,
    }
    return {member: value for member, value in members.items() if value is not None}


def refusal(error: pytest.ExceptionInfo) -> tuple[str, str]:
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]
