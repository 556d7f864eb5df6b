"""Wires the rooms of the local AWS into one platform and one ASGI application; nobody else constructs a room."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from starlette.responses import Response

from course.localaws.athena.athena import Athena
from course.localaws.athena.service import athena_service
from course.localaws.autoscaling.dimensions import COPIES, INSTANCES, PROVISIONED
from course.localaws.autoscaling.scalable import DimensionDispatcher
from course.localaws.autoscaling.service import scaling_service
from course.localaws.cloudtrail.service import cloudtrail_service
from course.localaws.cloudwatch.alarms.alarms import Alarms
from course.localaws.cloudwatch.alarms.operations import AlarmOperations
from course.localaws.cloudwatch.metrics.store import MetricStore
from course.localaws.cloudwatch.service import monitoring_service
from course.localaws.core import credentials
from course.localaws.core.call import AwsRequest, Service
from course.localaws.core.clock import Clock
from course.localaws.core.errors import not_supported
from course.localaws.core.scheduler import Scheduler
from course.localaws.ecr.registry import Registry
from course.localaws.gateway.gateway import Gateway
from course.localaws.gateway.request_log import RequestLog
from course.localaws.iam.identity import Identity, iam_service
from course.localaws.iam.sts import sts_service
from course.localaws.images.custom import ImageStore
from course.localaws.logs.service import logs_service
from course.localaws.logs.store import LogStore
from course.localaws.moto.mount import MotoMount
from course.localaws.platform import Platform
from course.localaws.s3.service import s3_service
from course.localaws.s3.store import ObjectStore
from course.localaws.sagemaker.core.billable import running
from course.localaws.sagemaker.hosting.scalable_components import ScalableComponents
from course.localaws.sagemaker.hosting.scalable_variants import ScalableVariants
from course.localaws.sagemaker.service import sagemaker_service
from course.localaws.sagemaker.training.spot import Interruption
from course.localaws.server.control import Control
from course.localaws.server.instance import CONTROL_PREFIX
from course.sandbox.limits import Limits

CATCH_UP_SECONDS = 60.0  # for which whoever advances the clock waits until everything is done that is due then

logger = logging.getLogger(__name__)


class LocalAws:
    """Every room, opened on one state folder.

    Parameters
    ----------
    state : Path
        An existing folder of which this process holds the lock.
    endpoint : str
        Where the gateway will listen, ``"http://127.0.0.1:PORT"``.
    sealed : Path, optional
    limits : Limits, optional
        See `Platform`.
    """

    def __init__(self, state: Path, endpoint: str, sealed: Path | None = None, limits: Limits | None = None) -> None:
        self._clock_file = state / "clock"
        clock = Clock(float(self._clock_file.read_text()) if self._clock_file.exists() else 0.0)
        agenda = Scheduler(clock)
        metrics = MetricStore(state / "metrics.db", clock)
        identity = Identity(state, credentials.ACCOUNT, clock)
        self.platform = platform = Platform(
            state=state,
            account=credentials.ACCOUNT,
            clock=clock,
            scheduler=agenda,
            requests=RequestLog(state / "requests.db", clock),
            objects=ObjectStore(state, clock),
            logs=LogStore(state / "logs.db", clock),
            metrics=metrics,
            alarms=Alarms(state / "alarms.db", credentials.ACCOUNT, agenda, metrics, identity),
            identity=identity,
            endpoint=endpoint,
            sealed=sealed,
            limits=limits or Limits(),
        )
        self._moto = MotoMount(platform)
        self._registry = Registry(platform)
        self._athena = Athena(platform)
        self.sagemaker = sagemaker_service(platform)
        variants = ScalableVariants(platform, self.sagemaker.engine, self.sagemaker.endpoints)
        copies = ScalableComponents(platform, self.sagemaker.engine, self.sagemaker.components)
        scalable = DimensionDispatcher({INSTANCES: variants, PROVISIONED: variants, COPIES: copies})
        self._scaling = scaling_service(platform, scalable, otherwise=self._moto)
        self.sagemaker.endpoints.scalable_targets = self._scaling
        services: dict[str, Service] = {
            "application-autoscaling": self._scaling,
            "athena": athena_service(self._athena, otherwise=self._moto),
            "cloudtrail": cloudtrail_service(platform, otherwise=self._moto),
            "iam": iam_service(platform),
            "logs": logs_service(platform),
            "monitoring": monitoring_service(platform, AlarmOperations(platform.alarms).operations, otherwise=self._moto),
            "s3": s3_service(platform),
            "s3control": _refuse,
            "sagemaker": self.sagemaker,
            "sts": sts_service(platform),
        }
        self.gateway = Gateway(platform, services, fallback=self._moto)
        # What runs before what it writes to: in this order rooms are emptied and closed.
        self._rooms = (
            *(self.sagemaker, self._athena, self._scaling, platform.alarms, self._registry, self._moto),
            *(platform.objects, platform.logs, platform.metrics, platform.requests),
        )
        self._closed = False

    def asgi(self, token: str, stop: Callable[[], None]) -> Callable:
        """The application: the control door behind its prefix, AWS everywhere else."""
        control = Control(self, token, stop)

        async def app(scope: dict, receive, send) -> None:
            await (control if scope["path"].startswith(CONTROL_PREFIX) else self.gateway)(scope, receive, send)

        return app

    def recover(self) -> None:
        """What the last process left running is failed or brought back."""
        self.sagemaker.recover()
        self.platform.alarms.recover()

    def warm(self) -> None:
        """Begin, in the background, what takes too long for a start: importing moto and replaying its journal."""
        self._moto.recover()
        self._registry.recover()

    def running(self) -> list[dict]:
        """What AWS would bill now; see `course.localaws.sagemaker.core.billable`."""
        self.sagemaker.expire()
        return running(self.sagemaker.engine)

    def advance(self, seconds: float) -> float:
        """Move the clock forward, also for the processes to come, do what is due then, and return the new time."""
        now = self.platform.clock.advance(seconds)
        beside = self._clock_file.with_suffix(".new")
        beside.write_text(repr(self.platform.clock.offset))
        beside.replace(self._clock_file)
        self.platform.scheduler.run_due(CATCH_UP_SECONDS)
        return now

    def interrupt(self, training_job: str, interruption: Interruption) -> None:
        """Take a Spot training job's instance away. Raises ValueError."""
        self.sagemaker.interrupt(training_job, interruption)

    @property
    def images(self) -> ImageStore:
        """What is in the account's own container images."""
        return self._registry.bodies

    def reset(self) -> None:
        """Empty every room."""
        self.platform.scheduler.shutdown()
        try:
            for room in self._rooms:
                room.reset()
        finally:
            self.platform.scheduler.resume()

    def shutdown(self) -> None:
        """End every job and server, and close every file; a second time does nothing."""
        if self._closed:
            return
        self._closed = True
        self.platform.scheduler.shutdown()
        for room in self._rooms:
            self._close(room)

    @staticmethod
    def _close(room: Any) -> None:
        try:
            room.shutdown()
        except Exception:  # one room's failure must keep no other open
            logger.exception("closing %s failed", type(room).__name__)


async def _refuse(call: AwsRequest) -> Response:
    raise not_supported(call.service, call.operation or f"{call.request.method} {call.request.url.path}")
