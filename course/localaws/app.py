"""Wires the rooms of the local AWS into one platform and one ASGI application; nobody else constructs a room."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from starlette.responses import Response

from course.localaws import keys
from course.localaws.call import Call, Service
from course.localaws.clock import Clock
from course.localaws.control import Control
from course.localaws.errors import AwsError, not_supported
from course.localaws.gateway import Gateway
from course.localaws.instance import CONTROL_PREFIX
from course.localaws.platform import Platform
from course.localaws.requests_log import RequestLog
from course.localaws.running import running
from course.localaws.services.iam import Identity, iam_service
from course.localaws.services.moto_mount import MotoMount
from course.localaws.services.sts import sts_service

logger = logging.getLogger(__name__)


class LocalAws:
    """Every room, opened on one state folder.

    A room is a `Service`; it may also have ``recover()`` (after a start), ``shutdown()`` (ends what it runs, closes its files)
    and ``reset()`` (forgets everything).

    Parameters
    ----------
    state : Path
        An existing folder of which this process holds the lock.
    endpoint : str
        Where the gateway will listen, ``"http://127.0.0.1:PORT"``.
    """

    def __init__(self, state: Path, endpoint: str) -> None:
        self._clock_file = state / "clock"
        clock = Clock(float(self._clock_file.read_text()) if self._clock_file.exists() else 0.0)
        self.platform = Platform(
            state=state,
            account=keys.ACCOUNT,
            clock=clock,
            requests=RequestLog(state / "requests.db", clock),
            objects=_room("s3", "ObjectStore", state, clock),
            logs=_room("logs", "LogStore", state / "logs.db", clock),
            metrics=_room("metrics", "MetricStore", state / "metrics.db", clock),
            identity=Identity(state, keys.ACCOUNT, clock),
            endpoint=endpoint,
        )
        platform = self.platform
        self.services: dict[str, Service] = {
            "s3": _service("s3", "s3_service", platform),
            "logs": _service("logs", "logs_service", platform),
            "monitoring": _service("metrics", "monitoring_service", platform),
            "sagemaker": _service("sagemaker.service", "sagemaker_service", platform),
            "iam": iam_service(platform),
            "sts": sts_service(platform),
            "s3control": _refuse,
        }
        self.fallback = MotoMount(platform)
        self.gateway = Gateway(platform, self.services, self.fallback)
        self._closed = False

    def asgi(self, token: str, stop: Callable[[], None]) -> Callable:
        """The application: the control door behind its prefix, AWS everywhere else."""
        control = Control(self, token, stop)

        async def app(scope: dict, receive, send) -> None:
            await (control if scope["path"].startswith(CONTROL_PREFIX) else self.gateway)(scope, receive, send)

        return app

    def recover(self) -> None:
        """What the last process left running is failed or brought back."""
        self._each("recover", [self.services["sagemaker"]])

    def warm(self) -> None:
        """Begin, in the background, what takes too long for a start: importing moto and replaying its journal."""
        self.fallback.recover()

    def running(self) -> list[dict]:
        """What AWS would bill now; see `course.localaws.running`."""
        return running(self.services["sagemaker"].engine)

    def advance(self, seconds: float) -> float:
        """Move the clock forward, also for the processes to come, and return the new time."""
        now = self.platform.clock.advance(seconds)
        beside = self._clock_file.with_suffix(".new")
        beside.write_text(repr(self.platform.clock.offset))
        beside.replace(self._clock_file)
        return now

    def reset(self) -> None:
        """Empty every room: jobs and servers first, as they write into the others."""
        self._each("reset", self._rooms)
        self.platform.requests.reset()

    def shutdown(self) -> None:
        """End every job and server, and close every file; a second time does nothing."""
        if self._closed:
            return
        self._closed = True
        self._each("shutdown", self._rooms)
        self.platform.requests.close()

    @property
    def _rooms(self) -> list[Any]:
        """In the order in which they are emptied and closed: what runs before what it writes to."""
        return [*self.services.values(), self.fallback, self.platform.objects, self.platform.logs, self.platform.metrics]

    def _each(self, method: str, rooms: list[Any]) -> None:
        # One room's failure must keep no other from its turn.
        for room in rooms:
            act = getattr(room, method, None)
            if act is None:
                continue
            try:
                act()
            except Exception:
                logger.exception("%s of %s failed", method, type(room).__name__)


async def _refuse(call: Call) -> Response:
    raise not_supported(call.service, call.operation or f"{call.request.method} {call.request.url.path}")


def _room(module: str, name: str, *arguments: Any) -> Any:
    try:
        return getattr(importlib.import_module(f"course.localaws.{module}"), name)(*arguments)
    except (ImportError, AttributeError):
        logger.exception("room %s is missing", module)
        return None


def _service(module: str, name: str, platform: Platform) -> Service:
    room = _room(module, name, platform)
    if room is not None:
        return room

    async def missing(call: Call) -> Response:
        raise AwsError("NotSupportedByLocalAws", f"{call.service} is not in this build of the local AWS.")

    return missing
