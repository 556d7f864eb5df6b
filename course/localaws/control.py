"""The control door, for the course's own tools: what a real AWS has no call for."""

from __future__ import annotations

import asyncio
import hmac
import json
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from course.localaws.instance import CONTROL_PREFIX

if TYPE_CHECKING:
    from course.localaws.app import LocalAws


class Control:
    """An ASGI application behind `CONTROL_PREFIX`; every request needs ``Authorization: Bearer <token of instance.json>``.

    ``GET health``, ``GET events?since=ID&limit=N``, ``GET running``, ``POST reset``, ``POST stop``,
    ``POST clock {"advance": seconds}``. Answers are JSON; refusals have the member ``error``.

    Parameters
    ----------
    aws : LocalAws
    token : str
    stop : callable
        Begins the shut-down and returns at once.
    """

    def __init__(self, aws: LocalAws, token: str, stop: Callable[[], None]) -> None:
        self._aws = aws
        self._token = token
        self._stop = stop
        self._doors = {
            ("GET", "health"): self._health,
            ("GET", "events"): self._events,
            ("GET", "running"): self._running,
            ("POST", "reset"): self._reset,
            ("POST", "stop"): self._end,
            ("POST", "clock"): self._clock,
        }

    async def __call__(self, scope: dict, receive, send) -> None:
        request = Request(scope, receive)
        response = await self._answer(request)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        sent = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(sent, f"Bearer {self._token}".encode()):
            return _refused(401, "the control door needs `Authorization: Bearer <token>` with the token of instance.json")
        door = self._doors.get((request.method, request.url.path.removeprefix(CONTROL_PREFIX)))
        if door is None:
            known = ", ".join(f"{method} {name}" for method, name in self._doors)
            return _refused(404, f"the control door has no {request.method} {request.url.path}; it has {known}")
        try:
            return JSONResponse(await door(request))
        except ValueError as error:
            return _refused(400, str(error))

    async def _health(self, request: Request) -> dict:
        return {"status": "ok", "pid": os.getpid(), "endpoint": self._aws.platform.endpoint, "time": self._aws.platform.clock.now()}

    async def _events(self, request: Request) -> list[dict]:
        asked = {name: int(request.query_params[name]) for name in ("since", "limit") if name in request.query_params}
        return await asyncio.to_thread(lambda: self._aws.platform.requests.events(**asked))

    async def _running(self, request: Request) -> list[dict]:
        return await asyncio.to_thread(self._aws.running)

    async def _reset(self, request: Request) -> dict:
        await asyncio.to_thread(self._aws.reset)
        return {}

    async def _end(self, request: Request) -> dict:
        self._stop()
        return {}

    async def _clock(self, request: Request) -> dict:
        try:
            seconds = float(json.loads(await request.body())["advance"])
        except (ValueError, KeyError, TypeError):
            raise ValueError('POST clock wants a JSON body {"advance": seconds}') from None
        return {"time": self._aws.advance(seconds)}


def _refused(status: int, message: str) -> JSONResponse:
    return JSONResponse({"error": message}, status)
