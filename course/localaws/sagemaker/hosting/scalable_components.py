"""Inference components for Application Auto Scaling: the capacity of ``inference-component/<name>`` is its number of copies.

If the endpoint's instances cannot hold more copies, and no instance may be added, the change is undone and the activity says why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from course.localaws.context import Context, Operation
from course.localaws.core.errors import AwsError
from course.localaws.sagemaker.hosting.components.placement import INFERENCE_COMPONENT
from course.localaws.sagemaker.hosting.endpoints import ENDPOINT
from course.localaws.sagemaker.hosting.scalable_variants import wait_for_update

if TYPE_CHECKING:
    from course.localaws.core.resources import ResourceEngine
    from course.localaws.platform import Platform


class ScalableComponents:
    """A `Scalable` that changes inference components by ``update``, which is UpdateInferenceComponentRuntimeConfig."""

    def __init__(self, platform: Platform, engine: ResourceEngine, update: Operation) -> None:
        self._platform, self._engine, self._update = platform, engine, update

    def capacity(self, region: str, resource: str, dimension: str) -> int | None:
        document = self._document(region, resource)
        return document and document["RuntimeConfig"]["DesiredCopyCount"]

    def is_locked(self, region: str, resource: str, dimension: str) -> bool:
        document = self._document(region, resource)
        if document is None:
            return False
        endpoint = self._engine.get(self._context(region), ENDPOINT, document["EndpointName"])
        return (document["InferenceComponentStatus"], endpoint["EndpointStatus"]) != ("InService", "InService")

    def least(self, region: str, resource: str, dimension: str) -> int:
        return 0

    def set_capacity(self, region: str, resource: str, dimension: str, capacity: int) -> None:
        """Raises ``ValidationException`` when the component cannot be changed now, ``InternalFailure`` when the change was undone."""
        name = resource.split("/")[1]
        params = {"InferenceComponentName": name, "DesiredRuntimeConfig": {"CopyCount": capacity}}
        self._update(self._context(region), params)
        document = wait_for_update(self._platform, lambda: self._document(region, resource), "InferenceComponentStatus") or {}
        if document.get("RuntimeConfig", {}).get("DesiredCopyCount") != capacity:
            raise AwsError("InternalFailure", document.get("FailureReason", f"Inference component {name} is gone."))

    def _document(self, region: str, resource: str) -> dict | None:
        return self._engine.find(self._context(region), INFERENCE_COMPONENT, resource.split("/")[1])

    def _context(self, region: str) -> Context:
        return Context(region, self._platform.account, self._platform)
