"""Warm pools: a training job's cluster is kept for a while for the next job that matches it.

Here no job waits for a cluster, so a pool saves no time. It has AWS's statuses, billed seconds and persistent cache.

Source: "SageMaker AI Managed Warm Pools" of the SageMaker developer guide and `WarmPoolStatus` of the API reference, read 2026-11-25.
"""

from __future__ import annotations

import contextlib
import json
import math
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from course.localaws.context import Context
from course.localaws.core.errors import AwsError, invalid
from course.localaws.jobs.control import JobFailure, StoppedBeforeStart
from course.sandbox.trees import Directory, TreeError, remove

if TYPE_CHECKING:
    from course.localaws.core.resources import Document, ResourceEngine, ResourceKind
    from course.localaws.core.scheduler import Scheduler

CACHE = "sagemaker/warmpoolcache"  # below /opt/ml
# The members in which a job must equal the pool's last job to get its cluster.
MATCHED_RESOURCES = ("InstanceCount", "InstanceType", "VolumeKmsKeyId", "VolumeSizeInGB")
MATCHED = ("RoleArn", "VpcConfig", "EnableInterContainerTrafficEncryption", "EnableNetworkIsolation")


@dataclass(frozen=True, slots=True)
class WarmPool:
    """An idle cluster; times in Unix seconds. ``cache`` has a folder for each host, with the cache that the last job wrote there."""

    context: Context
    job: str
    match: str
    cache: Path
    since: float
    until: float


class WarmPools:
    """The present warm pools. They end with the local AWS's process; then the jobs' descriptions say ``Terminated``.

    Parameters
    ----------
    engine : ResourceEngine
    kind : ResourceKind
        The kind of training jobs, whose descriptions show the pool's status.
    folder : Path
        The folder of the pools' caches.
    scheduler : Scheduler
        Terminates a pool when its time is over.
    """

    def __init__(self, engine: ResourceEngine, kind: ResourceKind, folder: Path, scheduler: Scheduler) -> None:
        self._engine, self._kind, self._folder, self._scheduler = engine, kind, folder, scheduler
        self._pools: list[WarmPool] = []
        self._lock = threading.Lock()
        scheduler.add(self._due, lambda moment: self.expire())

    @contextlib.contextmanager
    def cluster(self, context: Context, job: Document, roots: Sequence[Path], launch: Callable[[], None]) -> Iterator[None]:
        """Give a job the pool that matches it, and keep the job's cluster after the block if the job asked for that.

        The cluster is also kept when the job failed or was stopped, but not after an error of the local AWS itself.

        Parameters
        ----------
        context, job
        roots : sequence of Path
            The roots of the job's hosts, which do not exist yet.
        launch : callable
            Gets a new cluster for the job when no pool matches. It may raise JobFailure or StoppedBeforeStart.
        """
        self._take(context, job, roots, launch)
        try:
            yield
        except (JobFailure, StoppedBeforeStart):
            self._keep(context, job, roots)
            raise
        self._keep(context, job, roots)

    def _take(self, context: Context, job: Document, roots: Sequence[Path], launch: Callable[[], None]) -> None:
        pool = self._matching(context, job)
        if pool is None:
            launch()
        for number, root in enumerate(roots):
            if pool:
                (root / CACHE).parent.mkdir(parents=True)  # a new root, in which nothing has run
                (pool.cache / str(number)).rename(root / CACHE)
            elif keep_alive(job):
                (root / CACHE).mkdir(parents=True)
        if pool:
            remove(pool.cache)
            self._set_status(pool, {"Status": "Reused", "ReusedByJob": job["TrainingJobName"]})

    def _keep(self, context: Context, job: Document, roots: Sequence[Path]) -> None:
        seconds = keep_alive(job)
        if not seconds:
            return
        cache = self._folder / uuid.uuid4().hex
        self._folder.mkdir(mode=0o700, exist_ok=True)
        cache.mkdir()
        for number, root in enumerate(roots):
            _keep_cache(root, cache, str(number))
        now = self._engine.now()
        with self._lock:
            self._pools.append(WarmPool(context, job["TrainingJobName"], _match(job), cache, now, now + seconds))
        self._scheduler.wake()

    def expire(self) -> None:
        """Terminate the pools whose time is over. Call this before reading a job's description."""
        now = self._engine.now()
        with self._lock:
            over = [pool for pool in self._pools if pool.until <= now]
            self._pools = [pool for pool in self._pools if pool.until > now]
        for pool in over:
            self._end(pool)

    def extend(self, context: Context, name: str, seconds: int) -> None:
        """Set how long a job's pool is kept, counted from when it became available; 0 terminates it.

        Raises AwsError ``ValidationException`` when the pool is not available.
        """
        self.expire()
        with self._lock:
            found = [pool for pool in self._pools if (pool.context.region, pool.job) == (context.region, name)]
            if not found:
                raise invalid(f"KeepAlivePeriodInSeconds of {name} cannot change: its warm pool is not Available.")
            self._pools.remove(found[0])
            self._pools.append(replace(found[0], until=found[0].since + seconds))
        self.expire()
        self._scheduler.wake()

    def recover(self) -> None:
        """After a restart: terminate all pools. Those that were available are billed until now, or until their time was over."""
        remove(self._folder)
        now = self._engine.now()
        for context, job in list(self._engine.every(self._kind)):
            status = {"Status": "Terminated"}
            if is_available(job):
                seconds = math.ceil(min(now - job["TrainingEndTime"], keep_alive(job)))
                status["ResourceRetainedBillableTimeInSeconds"] = max(0, seconds)
            elif job.get("WarmPoolStatus", {}).get("Status") != "InUse":
                continue
            self._engine.update(context, self._kind, job["TrainingJobName"], {"WarmPoolStatus": status})

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

    def _due(self) -> float | None:
        with self._lock:
            return min((pool.until for pool in self._pools), default=None)

    def _end(self, pool: WarmPool) -> None:
        remove(pool.cache)
        self._set_status(pool, {"Status": "Terminated"})

    def _set_status(self, pool: WarmPool, status: dict) -> None:
        seconds = math.ceil(min(self._engine.now(), pool.until) - pool.since)
        status["ResourceRetainedBillableTimeInSeconds"] = max(0, seconds)
        with contextlib.suppress(AwsError):  # the job may have been deleted since
            self._engine.update(pool.context, self._kind, pool.job, {"WarmPoolStatus": status})


def _keep_cache(root: Path, cache: Path, name: str) -> None:
    """Move the cache that a job left to the folder ``cache``. If the job removed it, or replaced it by a link, the next one is empty."""
    *above, own = PurePosixPath(CACHE).parts
    with (
        contextlib.suppress(FileNotFoundError, TreeError),
        Directory.open(root) as top,
        top.reach(above) as folder,
        folder.enter(own),
        Directory.open(cache) as kept,
    ):
        folder.move_to(own, kept, name)
    (cache / name).mkdir(exist_ok=True)


def keep_alive(job: Document) -> int:
    """Seconds for which a job asked to keep its cluster."""
    return job["ResourceConfig"].get("KeepAlivePeriodInSeconds", 0)


def is_available(job: Document) -> bool:
    """Whether a job's cluster is idle in a warm pool; it is billed meanwhile."""
    return job.get("WarmPoolStatus", {}).get("Status") == "Available"


def ended(job: Document, failure: str) -> dict:
    """The members that change when a job ends. Another job may have taken the cluster already; then there are none."""
    if job.get("WarmPoolStatus", {}).get("Status") != "InUse":
        return {}
    kept = "TrainingStartTime" in job and not failure.startswith("InternalServerError")  # one that did not start has no cluster
    return {"WarmPoolStatus": {"Status": "Available" if kept else "Terminated", "ResourceRetainedBillableTimeInSeconds": 0}}


def _match(job: Document) -> str:
    resources = {member: job["ResourceConfig"].get(member) for member in MATCHED_RESOURCES}
    return json.dumps([resources, *(job.get(member) for member in MATCHED)], sort_keys=True)
