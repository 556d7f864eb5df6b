"""An asynchronous load generator: one request, asked again and again over so many connections at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
from botocore.awsrequest import AWSRequest


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it goes over the wire."""

    url: str
    headers: Mapping[str, str]
    body: bytes

    @classmethod
    def of(cls, request: AWSRequest) -> Asked:
        """What boto3 is about to send."""
        headers = {name: value.decode() if isinstance(value, bytes) else value for name, value in request.headers.items()}
        return cls(request.url, headers, request.body if isinstance(request.body, bytes) else request.body.encode())


def milliseconds(asked: Asked, connections: int, requests: int) -> float:
    """The time of a request: that of all of them, by their number. Raises RuntimeError when one is not answered with 200."""
    return asyncio.run(_time(asked, connections, requests)) * 1000 / requests


async def _time(asked: Asked, connections: int, requests: int) -> float:
    left = iter(range(requests))

    async def ask_on(session: aiohttp.ClientSession) -> None:
        for _ in left:
            async with session.post(asked.url, data=asked.body, headers=asked.headers) as response:
                content = await response.read()
                if response.status != 200:
                    raise RuntimeError(f"{response.status}: {content[:200]!r}")

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=connections), skip_auto_headers=("User-Agent",)) as session:
        async with session.post(asked.url, data=asked.body, headers=asked.headers):
            pass  # what a first request makes is not measured
        began = time.perf_counter()
        await asyncio.gather(*(ask_on(session) for _ in range(connections)))
        return time.perf_counter() - began
