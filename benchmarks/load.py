"""An asynchronous load generator: repeats one request over a number of parallel connections."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
from botocore.awsrequest import AWSRequest


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as sent over the wire."""

    url: str
    headers: Mapping[str, str]
    body: bytes

    @classmethod
    def of(cls, request: AWSRequest) -> Asked:
        """The request that boto3 is about to send."""
        headers = {name: value.decode() if isinstance(value, bytes) else value for name, value in request.headers.items()}
        return cls(request.url, headers, request.body if isinstance(request.body, bytes) else request.body.encode())


def milliseconds(asked: Asked, connections: int, requests: int) -> float:
    """The mean time per request: the total time divided by their number. Raises RuntimeError when a status is not 200."""
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
            pass  # not measured: the setup that a first request triggers
        began = time.perf_counter()
        await asyncio.gather(*(ask_on(session) for _ in range(connections)))
        return time.perf_counter() - began
