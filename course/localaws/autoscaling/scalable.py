"""The interfaces between Application Auto Scaling and the services that it scales."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Scalable(Protocol):
    """Resources whose capacity can be set, named by a resource id like ``endpoint/e/variant/v`` and a scalable dimension."""

    def capacity(self, region: str, resource: str, dimension: str) -> int | None:
        """Returns the desired capacity; None when the resource does not exist."""

    def is_locked(self, region: str, resource: str, dimension: str) -> bool:
        """Returns whether an existing resource's capacity cannot be set at the moment."""

    def least(self, region: str, resource: str, dimension: str) -> int:
        """Returns the smallest ``MinCapacity`` that the resource may have."""

    def set_capacity(self, region: str, resource: str, dimension: str, capacity: int) -> None:
        """Set the capacity and wait until the change is done. Raises AwsError."""


class ScalableTargetLookup(Protocol):
    """The scalable targets of Application Auto Scaling."""

    def scales(self, region: str, endpoint: str, variant: str) -> bool:
        """Whether a variant is a scalable target."""

    def forget(self, region: str, resource: str) -> None:
        """Deregister all targets of an ``endpoint/<name>`` or ``inference-component/<name>`` that is deleted."""


class DimensionDispatcher:
    """A `Scalable` that calls a different `Scalable` for each scalable dimension."""

    def __init__(self, scalables: Mapping[str, Scalable]) -> None:
        self._scalables = scalables

    def capacity(self, region: str, resource: str, dimension: str) -> int | None:
        return self._scalables[dimension].capacity(region, resource, dimension)

    def is_locked(self, region: str, resource: str, dimension: str) -> bool:
        return self._scalables[dimension].is_locked(region, resource, dimension)

    def least(self, region: str, resource: str, dimension: str) -> int:
        return self._scalables[dimension].least(region, resource, dimension)

    def set_capacity(self, region: str, resource: str, dimension: str, capacity: int) -> None:
        self._scalables[dimension].set_capacity(region, resource, dimension, capacity)
