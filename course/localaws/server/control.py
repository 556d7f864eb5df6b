"""The control API of a running local AWS, for the course's own tools. It does what a real AWS has no call for."""

from __future__ import annotations

import asyncio
import hmac
import json
import os
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from course.localaws.core import credentials, lanes
from course.localaws.core.quota import QuotaReached
from course.localaws.sagemaker.training.spot import Interruption
from course.localaws.server.instance import CONTROL_PREFIX

if TYPE_CHECKING:
    from course.localaws.images.custom import ImageStore
    from course.localaws.platform import Platform

T = TypeVar("T")

SHORTEST_MARKER, LONGEST_NAME = 4, 100  # characters
# The operations that a guest token allows. A shortage is not among them: a submission must not take instances from its own checks.
GUESTS = {
    ("GET", "health"),
    ("GET", "events"),
    ("GET", "running"),
    ("GET", "ledger"),
    ("POST", "lessons"),
    ("POST", "clock"),
    ("POST", "interrupt"),
    ("POST", "images"),
}


class ControlledAws(Protocol):
    """What the control API needs of the local AWS; `course.localaws.server.app.LocalAws` is one."""

    platform: Platform
    gateway: ASGIApp

    @property
    def images(self) -> ImageStore:
        """The files of the account's own container images."""

    def running(self) -> list[dict]:
        """The resources that AWS would bill now."""

    def ledger(self, marker: str, free_tier: bool) -> dict:
        """What all usage would have cost on AWS; see `course.localaws.billing.ledger`."""

    def reset(self) -> None:
        """Delete everything."""

    def advance(self, seconds: float) -> float:
        """Advance the clock, run what is due, and return the new time."""

    def interrupt(self, training_job: str, interruption: Interruption) -> None:
        """Interrupt a Spot training job. Raises ValueError."""

    def order_shortage(self, instance_type: str, seconds: float) -> None:
        """Let there be no new instances of a type for a while. Raises ValueError."""


class Control:
    """An ASGI application behind `CONTROL_PREFIX`; every request needs ``Authorization: Bearer <token of instance.json>``.

    ``GET health``, ``GET events?since=ID&limit=N``, ``GET running``, ``GET ledger?marker=TEXT&free_tier=1``, ``POST reset``,
    ``POST stop``, ``POST lessons {"marker": part of names, "lesson": name}`` (the lesson of resources, for the ledger),
    ``POST clock {"advance": seconds}``, ``POST interrupt {"training_job": name, "after": seconds, "outage": seconds}``,
    ``POST shortage {"instance_type": name, "seconds": seconds}``,
    ``POST keys {"arn": principal, "unlimited": whether no policy limits it}``, ``POST images`` (the content of a container image, as a tar
    file), ``POST guests`` (a token for the operations in `GUESTS`).
    Answers are JSON. An error has the member ``error``.

    Parameters
    ----------
    aws : ControlledAws
    token : str
    stop : callable
        Starts the shutdown and returns at once.
    """

    def __init__(self, aws: ControlledAws, token: str, stop: Callable[[], None]) -> None:
        self._aws = aws
        self._token = token
        self._stop = stop
        self._guests: set[str] = set()
        self._operations = {
            ("GET", "health"): self._health,
            ("GET", "events"): self._events,
            ("GET", "running"): self._running,
            ("GET", "ledger"): self._ledger,
            ("POST", "lessons"): self._lessons,
            ("POST", "reset"): self._reset,
            ("POST", "stop"): self._end,
            ("POST", "clock"): self._clock,
            ("POST", "interrupt"): self._interrupt,
            ("POST", "shortage"): self._shortage,
            ("POST", "keys"): self._keys,
            ("POST", "images"): self._image,
            ("POST", "guests"): self._invite,
        }

    async def __call__(self, scope: dict, receive, send) -> None:
        request = Request(scope, receive)
        response = await self._answer(request)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        sent = request.headers.get("authorization", "").removeprefix("Bearer ").encode()
        guest = any(hmac.compare_digest(sent, token.encode()) for token in self._guests)
        if not guest and not hmac.compare_digest(sent, self._token.encode()):
            return _refused(401, "the control door needs `Authorization: Bearer <token>` with the token of instance.json")
        asked = (request.method, request.url.path.removeprefix(CONTROL_PREFIX))
        if guest and asked in self._operations.keys() - GUESTS:
            return _refused(403, f"{request.method} {asked[1]} is not for guests of this local AWS")
        operation = self._operations.get(asked)
        if operation is None:
            known = ", ".join(f"{method} {name}" for method, name in self._operations)
            return _refused(404, f"the control door has no {request.method} {request.url.path}; it has {known}")
        try:
            with lanes.lane(first=not guest):
                return JSONResponse(await operation(request))
        except (ValueError, OverflowError) as error:  # OverflowError: a number that SQLite cannot hold
            return _refused(400, str(error))
        except QuotaReached as error:
            return _refused(error.status, error.message)

    async def _health(self, request: Request) -> dict:
        return {"status": "ok", "pid": os.getpid(), "endpoint": self._aws.platform.endpoint, "time": self._aws.platform.clock.now()}

    async def _events(self, request: Request) -> list[dict]:
        asked = {name: int(request.query_params[name]) for name in ("since", "limit") if name in request.query_params}
        return await asyncio.to_thread(lambda: self._aws.platform.requests.events(**asked))

    async def _ledger(self, request: Request) -> dict:
        asked = request.query_params
        return await asyncio.to_thread(self._aws.ledger, asked.get("marker", ""), asked.get("free_tier") == "1")

    async def _lessons(self, request: Request) -> dict:
        marker, lesson = [await _member(request, name, str) for name in ("marker", "lesson")]
        if not SHORTEST_MARKER <= len(marker) <= LONGEST_NAME or not 1 <= len(lesson) <= LONGEST_NAME:
            raise ValueError(f"a marker has {SHORTEST_MARKER} to {LONGEST_NAME} characters, and a lesson 1 to {LONGEST_NAME}")
        self._aws.platform.usage.belongs(marker, lesson)
        return {}

    async def _running(self, request: Request) -> list[dict]:
        return await asyncio.to_thread(self._aws.running)

    async def _reset(self, request: Request) -> dict:
        await asyncio.to_thread(self._aws.reset)
        return {}

    async def _end(self, request: Request) -> dict:
        self._stop()
        return {}

    async def _clock(self, request: Request) -> dict:
        seconds = await _member(request, "advance", float)
        return {"time": await asyncio.to_thread(self._aws.advance, seconds)}

    async def _interrupt(self, request: Request) -> dict:
        name, after, outage = [
            await _member(request, member, kind) for member, kind in (("training_job", str), ("after", float), ("outage", float))
        ]
        await asyncio.to_thread(self._aws.interrupt, name, Interruption(after, outage))
        return {}

    async def _shortage(self, request: Request) -> dict:
        instance_type, seconds = await _member(request, "instance_type", str), await _member(request, "seconds", float)
        self._aws.order_shortage(instance_type, seconds)
        return {}

    async def _keys(self, request: Request) -> dict:
        identity, arn = self._aws.platform.identity, await _member(request, "arn", str)
        unlimited = await _member(request, "unlimited", bool)
        return credentials.as_document(identity.issue_unlimited(arn) if unlimited else identity.issue_as(arn))

    async def _image(self, request: Request) -> dict:
        with self._aws.images.beside() as folder:
            archive = folder / "image.tar"
            with archive.open("wb") as file:
                async for piece in request.stream():
                    self._aws.platform.quota.admit(2 * len(piece))  # the archive, and what is in it
                    file.write(piece)
            return {"digest": await asyncio.to_thread(self._aws.images.take, archive)}

    async def _invite(self, request: Request) -> dict:
        self._guests.add(token := secrets.token_urlsafe(32))
        return {"token": token}


def application(aws: ControlledAws, token: str, stop: Callable[[], None]) -> Callable:
    """The ASGI application of a local AWS: the control API behind its prefix, AWS everywhere else."""
    control = Control(aws, token, stop)

    async def app(scope: dict, receive, send) -> None:
        await (control if scope["path"].startswith(CONTROL_PREFIX) else aws.gateway)(scope, receive, send)

    return app


async def _member(request: Request, name: str, kind: Callable[[Any], T]) -> T:
    """A member of the request's JSON body. Raises ValueError if it is missing or of another type."""
    try:
        return kind(json.loads(await request.body())[name])
    except (ValueError, KeyError, TypeError, OverflowError):
        raise ValueError(f"{request.method} {request.url.path} needs a JSON body with {name!r}, a {kind.__name__}") from None


def _refused(status: int, message: str) -> JSONResponse:
    return JSONResponse({"error": message}, status)
