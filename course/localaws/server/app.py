"""Builds the local AWS: one platform and one gateway from all parts."""

from __future__ import annotations

import logging
import threading
from functools import partial
from pathlib import Path
from typing import Any

from starlette.responses import Response

from course.localaws.billing import request_metering
from course.localaws.billing.ledger import ledger
from course.localaws.billing.usage import UsageStore
from course.localaws.cloudwatch import metering as cloudwatch_metering
from course.localaws.cloudwatch.alarms.alarms import Alarms
from course.localaws.cloudwatch.metrics.store import MetricStore
from course.localaws.core import credentials
from course.localaws.core.call import AwsRequest, Handler
from course.localaws.core.capacity import InstanceCapacity
from course.localaws.core.clock import Clock
from course.localaws.core.errors import not_supported
from course.localaws.core.quota import StateQuota
from course.localaws.core.scheduler import Scheduler
from course.localaws.ec2.networks import VpcNetworks
from course.localaws.ecr.registry import Registry
from course.localaws.events.bus import EventBridge
from course.localaws.gateway.gateway import Gateway
from course.localaws.gateway.request_log import RequestLog
from course.localaws.iam.identity import Identity
from course.localaws.images.custom import ImageStore
from course.localaws.kms.store import KeyStore
from course.localaws.logs import metering as log_metering
from course.localaws.logs.store import LogStore
from course.localaws.moto import metering as moto_metering
from course.localaws.moto.mount import MotoMount
from course.localaws.platform import Platform
from course.localaws.s3.store import ObjectStore
from course.localaws.sagemaker.core.billable import running
from course.localaws.sagemaker.service import SageMaker
from course.localaws.sagemaker.training.operations import TrainingJobs
from course.localaws.sagemaker.training.spot import Interruption
from course.localaws.scheduler.migration import Migration
from course.localaws.server.fast_forward import FastForward
from course.localaws.servicequotas.quotas import ServiceQuotas
from course.localaws.services import SERVICES, switched
from course.sandbox.limits import Limits

CATCH_UP_SECONDS = 60.0  # the longest wait for due tasks after the clock was advanced

logger = logging.getLogger(__name__)


class LocalAws:
    """All parts of the local AWS, opened on one state folder.

    Parameters
    ----------
    state : Path
        An existing folder. This process holds its lock.
    endpoint : str
        The gateway's address, ``"http://127.0.0.1:PORT"``.
    sealed : Path, optional
    limits : Limits, optional
    own_libraries : bool
        See `Platform`.
    quota : int, optional
        The bytes that the state folder may hold.
    fast_forward : bool
        See `course.localaws.server.fast_forward`.

    Attributes
    ----------
    services : dict
        Signing name -> service.
    sagemaker : SageMaker
    """

    def __init__(
        self,
        state: Path,
        endpoint: str,
        sealed: Path | None = None,
        limits: Limits | None = None,
        quota: int | None = None,
        fast_forward: bool = False,
        own_libraries: bool = False,
    ) -> None:
        self._clock_file, self._advancing = state / "clock", threading.Lock()
        clock = Clock(float(self._clock_file.read_text()) if self._clock_file.exists() else 0.0)
        scheduler = Scheduler(clock)
        state_quota = StateQuota(state, quota)
        metrics = MetricStore(state / "metrics.db", clock)
        identity = Identity(state, credentials.ACCOUNT, clock)
        keys = KeyStore(state / "kms.db", credentials.ACCOUNT, clock)
        logs = LogStore(state / "logs.db", clock)
        events = EventBridge(state / "events.db", credentials.ACCOUNT, scheduler, identity, logs, metrics)
        self.platform = platform = Platform(
            state=state,
            account=credentials.ACCOUNT,
            clock=clock,
            capacity=InstanceCapacity(clock),
            scheduler=scheduler,
            requests=RequestLog(state / "requests.db", clock),
            keys=keys,
            objects=ObjectStore(state, clock, keys, state_quota),
            usage=UsageStore(state / "usage.db", clock),
            service_quotas=ServiceQuotas(state / "quotas.db", clock),
            logs=logs,
            metrics=metrics,
            alarms=Alarms(state / "alarms.db", credentials.ACCOUNT, scheduler, metrics, identity, events),
            events=events,
            identity=identity,
            networks=VpcNetworks(identity),
            endpoint=endpoint,
            sealed=sealed,
            limits=limits or Limits(),
            quota=state_quota,
            own_libraries=own_libraries,
        )
        platform.alarms.changed = partial(cloudwatch_metering.meter_alarm, platform.alarms.store, platform.usage)
        stored_logs = log_metering.stored_bytes(logs.database, clock, platform.account)
        platform.usage.sources += [platform.objects.storage.intervals, stored_logs.intervals]
        platform.usage.flush_before_reading(platform.requests.flush)
        platform.requests.listeners.append(partial(request_metering.meter, platform.usage, platform.account))
        platform.requests.listeners.append(lambda rows: moto_metering.meter(platform.usage, platform.moto, platform.account, rows))
        platform.logs.listeners.append(partial(log_metering.meter, platform.usage, platform.account))
        self._moto = MotoMount(platform)
        self._registry = Registry(platform)
        stages = switched()
        self.services = {name: entry.create(platform, stages.get(name, entry.stages)) for name, entry in SERVICES.items()}
        self.sagemaker: SageMaker = self.services["sagemaker"].backend
        served: dict[str, Handler] = {**self.services, "s3control": _refuse}
        watcher = FastForward(scheduler, self.advance) if fast_forward else None
        self.gateway = Gateway(platform, served, fallback=self.services["moto"], watcher=watcher)
        # They are emptied and closed in this order: writers before the stores that they write to.
        self._closing_order = (
            *(service.backend for service in self.services.values() if service.backend is not None),
            *(platform.alarms, platform.events, self._registry, self._moto),
            *(
                platform.expressions,
                platform.objects,
                platform.keys,
                platform.logs,
                platform.metrics,
                platform.requests,
                platform.usage,
                platform.quota,
            ),
        )
        self._closed = False

    def recover(self) -> None:
        """Fail or restart the work that was running when the last process ended."""
        self.services["kms"].backend.recover()
        self.services["lambda"].backend.recover()  # before those that invoke functions
        self.services["secretsmanager"].backend.recover()
        self.sagemaker.recover()
        self.services["config"].backend.recover()
        self.services["budgets"].backend.recover()
        self.platform.alarms.recover()
        cloudwatch_metering.recover(self.platform.alarms.store, self.platform.usage)
        self.platform.events.recover()
        self.services["cloudtrail"].backend.recover()
        schedules = self.services["scheduler"].backend
        schedules.recover()
        Migration(self.platform.events, schedules, self.platform.identity).begin()

    def warm(self) -> None:
        """Start the slow part of the start in the background: importing moto and replaying its journal."""
        self._moto.recover()
        self._moto.submit(partial(moto_metering.hold, self.platform.usage, self.platform.account))
        self._registry.recover()

    def running(self) -> list[dict]:
        """Returns the resources that AWS would bill now; see `course.localaws.sagemaker.core.billable`."""
        self.sagemaker.family(TrainingJobs).expire()
        return running(self.sagemaker.engine)

    def ledger(self, marker: str = "", free_tier: bool = False) -> dict:
        """What all usage so far would have cost on AWS; see `course.localaws.billing.ledger`."""
        return ledger(self.platform.usage, self.platform.clock.now(), marker, free_tier)

    def advance(self, seconds: float) -> float:
        """Advance the clock, also for later processes, run the due tasks, and return the new time."""
        with self._advancing:
            self.platform.usage.flush()  # what requests have changed is metered before the time passes
            now = self.platform.clock.advance(seconds)
            beside = self._clock_file.with_suffix(".new")
            beside.write_text(repr(self.platform.clock.offset))
            beside.replace(self._clock_file)
        self.platform.scheduler.run_due(CATCH_UP_SECONDS)
        return now

    def interrupt(self, training_job: str, interruption: Interruption) -> None:
        """Interrupt the instance of a Spot training job. Raises ValueError."""
        self.sagemaker.family(TrainingJobs).interrupt(training_job, interruption)

    def order_shortage(self, instance_type: str, seconds: float) -> None:
        """Let there be no new instances of a type for a while. Raises ValueError."""
        self.platform.capacity.order_shortage(instance_type, seconds)

    @property
    def images(self) -> ImageStore:
        """The contents of the account's container images."""
        return self._registry.bodies

    def reset(self) -> None:
        """Delete all state."""
        self.platform.scheduler.shutdown()
        self.platform.capacity.reset()
        try:
            for part in self._closing_order:
                part.reset()
        finally:
            self.platform.scheduler.resume()

    def shutdown(self) -> None:
        """End every job and server, and close every file. A second call does nothing."""
        if self._closed:
            return
        self._closed = True
        self.platform.scheduler.shutdown()
        for part in self._closing_order:
            self._close(part)

    @staticmethod
    def _close(part: Any) -> None:
        try:
            part.shutdown()
        except Exception:  # a failure of one part must not leave the others open
            logger.exception("closing %s failed", type(part).__name__)


async def _refuse(call: AwsRequest) -> Response:
    raise not_supported(call.service, call.operation or f"{call.request.method} {call.request.url.path}")
