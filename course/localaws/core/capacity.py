"""Shortages of instances, which a lesson or a test orders: AWS then has no more instances of a type for a while.

Without an order there are always enough. A shortage counts in all regions, and ends at the latest when the local AWS ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from course.localaws.core.clock import Clock, seconds_ahead

INSTANCE_TYPE = re.compile(r"ml\.[a-z0-9-]+\.[a-z0-9-]+")


class InstanceCapacity:
    """The types of which there are no more instances now."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._returns: dict[str, float] = {}

    def order_shortage(self, instance_type: str, seconds: float) -> None:
        """Let there be no new instances of a type for some seconds on the clock; 0 ends a shortage. Raises ValueError."""
        if not INSTANCE_TYPE.fullmatch(instance_type):
            raise ValueError(f"{instance_type!r} is no instance type of SageMaker; an example is ml.m5.large")
        self._returns[instance_type] = self._clock.now() + seconds_ahead("a shortage", seconds)

    def returns(self, instance_types: Iterable[str]) -> float:
        """When there are new instances of all these types, in Unix seconds; a time in the past when there are some now."""
        return max((self._returns.get(kind, 0.0) for kind in instance_types), default=0.0)

    def lacks(self, *instance_types: str) -> bool:
        """Whether there are no new instances of one of these types."""
        return self.returns(instance_types) > self._clock.now()

    def reset(self) -> None:
        self._returns.clear()
