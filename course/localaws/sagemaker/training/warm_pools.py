"""Warm pools: the cluster that a training job leaves for a while, for the next job that matches it.

Here no job waits for a cluster, so a pool saves no time; it has the statuses, the billed seconds and the persistent cache of AWS's.

Source: "SageMaker AI Managed Warm Pools" of the SageMaker developer guide and `WarmPoolStatus` of the API reference, read 2026-11-25.
"""

from __future__ import annotations

import contextlib
import json
import math
import threading
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from course.localaws.core.context import Context
from course.localaws.core.errors import AwsError
from course.localaws.jobs.runner import JobFailure, StoppedBeforeStart, remove

if TYPE_CHECKING:
    from course.localaws.core.resources import Document, ResourceEngine, ResourceKind

CACHE = "sagemaker/warmpoolcache"  # below /opt/ml
LONGEST_SECONDS = 3600
# In which a job must be like the one before to be given its cluster.
MATCHED_RESOURCES = ("InstanceCount", "InstanceType", "VolumeKmsKeyId", "VolumeSizeInGB")
MATCHED = ("RoleArn", "VpcConfig", "EnableInterContainerTrafficEncryption", "EnableNetworkIsolation")


@dataclass(frozen=True, slots=True)
class WarmPool:
    """A cluster that nobody uses; times are Unix seconds. ``cache`` has a folder for each host, of what its last job wrote there."""

    context: Context
    job: str
    match: str
    cache: Path
    since: float
    until: float


class WarmPools:
    """The clusters that are kept warm now. They do not outlive the local AWS's process: then their jobs say ``Terminated``.

    Parameters
    ----------
    engine : ResourceEngine
    kind : ResourceKind
        Of training jobs, in whose documents it shows.
    folder : Path
        Where the pools' caches are kept.
    """

    def __init__(self, engine: ResourceEngine, kind: ResourceKind, folder: Path) -> None:
        self._engine, self._kind, self._folder = engine, kind, folder
        self._pools: list[WarmPool] = []
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def cluster(self, context: Context, job: Document, roots: Sequence[Path]) -> Iterator[None]:
        """Let a job, whose hosts are about to be laid out in ``roots``, have the cluster that matches it, and keep its cluster after the
        block when it asked for that: also when it failed or was stopped, but not after an error of the local AWS itself.
        """
        self._take(context, job, roots)
        try:
            yield
        except (JobFailure, StoppedBeforeStart):
            self._keep(context, job, roots)
            raise
        self._keep(context, job, roots)

    def _take(self, context: Context, job: Document, roots: Sequence[Path]) -> None:
        pool = self._matching(context, job)
        for number, root in enumerate(roots):
            if pool:
                (root / CACHE).parent.mkdir(parents=True)
                (pool.cache / str(number)).rename(root / CACHE)
            elif keep_alive(job):
                (root / CACHE).mkdir(parents=True)
        if pool:
            remove(pool.cache)
            self._tell(pool, {"Status": "Reused", "ReusedByJob": job["TrainingJobName"]})

    def _keep(self, context: Context, job: Document, roots: Sequence[Path]) -> None:
        seconds = keep_alive(job)
        if not seconds:
            return
        cache = self._folder / uuid.uuid4().hex
        self._folder.mkdir(mode=0o700, exist_ok=True)
        cache.mkdir()
        for number, root in enumerate(roots):
            (root / CACHE).rename(cache / str(number))
        now = self._engine.now()
        with self._lock:
            self._pools.append(WarmPool(context, job["TrainingJobName"], _match(job), cache, now, now + seconds))

    def expire(self) -> None:
        """Terminate those whose time has come, by the clock. To be called before anybody looks at a job."""
        now = self._engine.now()
        with self._lock:
            over = [pool for pool in self._pools if pool.until <= now]
            self._pools = [pool for pool in self._pools if pool.until > now]
        for pool in over:
            self._end(pool)

    def extend(self, context: Context, name: str, seconds: int) -> None:
        """Set another time for a job's cluster, from when it became available; 0 terminates it.

        Raises
        ------
        AwsError
            ``ValidationException`` when it is not available.
        """
        self.expire()
        with self._lock:
            found = [pool for pool in self._pools if (pool.context.region, pool.job) == (context.region, name)]
            if not found:
                raise AwsError("ValidationException", f"KeepAlivePeriodInSeconds of {name} cannot change: its warm pool is not Available.")
            self._pools.remove(found[0])
            self._pools.append(replace(found[0], until=found[0].since + seconds))
        self.expire()

    def recover(self) -> None:
        """After a restart: none is there any more."""
        remove(self._folder)
        for context, job in list(self._engine.every(self._kind)):
            if job.get("WarmPoolStatus", {}).get("Status") in ("Available", "InUse"):
                self._engine.update(context, self._kind, job["TrainingJobName"], {"WarmPoolStatus": {"Status": "Terminated"}})

    def reset(self) -> None:
        with self._lock:
            self._pools.clear()
        remove(self._folder)

    def _matching(self, context: Context, job: Document) -> WarmPool | None:
        if job["EnableManagedSpotTraining"]:
            return None
        self.expire()
        with self._lock:
            for pool in self._pools:
                if pool.context.region == context.region and pool.match == _match(job):
                    self._pools.remove(pool)
                    return pool
        return None

    def _end(self, pool: WarmPool) -> None:
        remove(pool.cache)
        self._tell(pool, {"Status": "Terminated"})

    def _tell(self, pool: WarmPool, status: dict) -> None:
        seconds = math.ceil(min(self._engine.now(), pool.until) - pool.since)
        status["ResourceRetainedBillableTimeInSeconds"] = max(0, seconds)
        with contextlib.suppress(AwsError):  # the job may have been deleted since
            self._engine.update(pool.context, self._kind, pool.job, {"WarmPoolStatus": status})


def keep_alive(job: Document) -> int:
    """For how many seconds a job asked to have its cluster kept."""
    return job["ResourceConfig"].get("KeepAlivePeriodInSeconds", 0)


def is_available(job: Document) -> bool:
    """Whether nobody uses a job's cluster, and it is billed all the same."""
    return job.get("WarmPoolStatus", {}).get("Status") == "Available"


def ended(job: Document, failure: str) -> dict:
    """The members that change when a job ends, in which `WarmPools.cluster` may have given its cluster away already."""
    if job.get("WarmPoolStatus", {}).get("Status") != "InUse":
        return {}
    kept = not failure.startswith("InternalServerError")
    return {"WarmPoolStatus": {"Status": "Available" if kept else "Terminated", "ResourceRetainedBillableTimeInSeconds": 0}}


def check(params: dict) -> None:
    """Refuse a warm pool that AWS would not make. Raises AwsError ``ValidationException``."""
    seconds = keep_alive(params)
    if seconds > LONGEST_SECONDS:
        raise AwsError("ValidationException", f"KeepAlivePeriodInSeconds is at most {LONGEST_SECONDS} seconds; got {seconds}.")
    if seconds and params.get("EnableManagedSpotTraining"):
        raise AwsError("ValidationException", "Warm pools (KeepAlivePeriodInSeconds) cannot be used with managed Spot training.")
    if seconds and "InstanceGroups" in params["ResourceConfig"]:
        raise AwsError("ValidationException", "Warm pools (KeepAlivePeriodInSeconds) cannot be used with heterogeneous clusters.")


def _match(job: Document) -> str:
    resources = {member: job["ResourceConfig"].get(member) for member in MATCHED_RESOURCES}
    return json.dumps([resources, *(job.get(member) for member in MATCHED)], sort_keys=True)
