"""What application auto scaling needs of whatever it scales."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Scalable(Protocol):
    """What has a capacity that can be set, by resource ids like ``endpoint/e/variant/v`` and scalable dimensions."""

    def capacity(self, region: str, resource: str, dimension: str) -> int | None:
        """How many there are, or are to be; None when the resource does not exist."""

    def is_locked(self, region: str, resource: str, dimension: str) -> bool:
        """Whether its capacity cannot be set now, though it exists."""

    def least(self, region: str, resource: str, dimension: str) -> int:
        """The smallest ``MinCapacity`` that the resource may have."""

    def set_capacity(self, region: str, resource: str, dimension: str, capacity: int) -> None:
        """Set it and wait until it is done. Raises AwsError."""


class DimensionDispatcher:
    """A `Scalable` that asks another one for each scalable dimension."""

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
