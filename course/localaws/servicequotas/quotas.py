"""The quotas of all services, and their applied values: what a new account has, and what was granted in addition.

Matches AWS: values, requests and increases belong to one region; a quota has the same code in every region.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from course.localaws.core.clock import Clock
from course.localaws.servicequotas.store import QuotaStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """A quota of a service.

    Attributes
    ----------
    name : str
        AWS's name.
    value : float
        That of a new account.
    unit : str
        As the service's errors name it, e.g. ``"Instances"``.
    code : str
        ``"L-"`` and eight characters. A quota whose code is not known (``""``) is enforced, but not listed, and has no increases.
    adjustable : bool
    resource : str
        The dimension ``Resource`` of its usage metric; ``""`` for a quota without one.
    """

    name: str
    value: float
    unit: str
    code: str = ""
    adjustable: bool = True
    resource: str = ""


class QuotaSource(Protocol):
    """A service with quotas.

    Attributes
    ----------
    code, name : str
        E.g. ``"sagemaker"``, ``"Amazon SageMaker"``.
    metric_service : str
        The dimension ``Service`` of its usage metrics: ``"SageMaker"``.
    quotas : dict
        Code -> quota.
    """

    code: str
    name: str
    metric_service: str
    quotas: Mapping[str, Quota]

    def used(self, region: str) -> Mapping[str, float]:
        """The quotas whose use is measured: code -> what is in use now."""
        ...


class ServiceQuotas:
    """The quotas of all services. Methods may be called from any thread.

    Parameters
    ----------
    path : Path
        The SQLite file, ``quotas.db``.
    clock : Clock

    Attributes
    ----------
    services : dict
        Code of a service -> its quotas.
    store : QuotaStore
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self.services: dict[str, QuotaSource] = {}
        self.store, self._clock = QuotaStore(path), clock

    def add(self, service: QuotaSource) -> None:
        """Register a service's quotas."""
        self.services[service.code] = service

    def value(self, region: str, service: str, quota: Quota) -> float:
        """The applied value of a quota: the one that its service enforces now."""
        if not quota.code:
            return quota.value
        return max(quota.value, self.store.granted(region, service, quota.code, self._clock.now()))

    def reset(self) -> None:
        self.store.reset()

    def shutdown(self) -> None:
        self.store.shutdown()
