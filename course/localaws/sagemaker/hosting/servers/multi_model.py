"""The models of a multi-model container: downloaded and loaded on the first request, unloaded when others need the memory.

Source: "How Multi-Model Endpoints Work" and "Build Your Own Container for SageMaker AI Multi-Model Endpoints" of the developer guide.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from course.localaws.core.errors import validation_error
from course.localaws.sagemaker.hosting.servers.container_client import ContainerClient, Reply
from course.localaws.sagemaker.hosting.servers.model_data import HostingError

if TYPE_CHECKING:
    from course.localaws.sagemaker.hosting.servers.model_server import ModelServer

NO_MEMORY, LOADED_ALREADY, NOT_LOADED = 507, 409, 404  # statuses of a container
LOAD_SECONDS = 60.0  # as long as an invocation may take


class ModelLoadFailed(Exception):
    """The container could not load the model; ``reply`` is its answer."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.body)
        self.reply = reply


class ModelCache:
    """The models that one multi-model container has loaded. Use it from the event loop only.

    Parameters
    ----------
    server : ModelServer
    client : ContainerClient
    cached : bool
        Whether a model stays loaded after its answer (``MultiModelConfig.ModelCacheSetting``).
    """

    def __init__(self, server: ModelServer, client: ContainerClient, cached: bool) -> None:
        self._server, self._client, self._cached = server, client, cached
        self._loaded: dict[str, int] = {}  # requests under way by name; the most recently used comes last
        self._start_count = 0  # the start of the server to which `_loaded` belongs
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def __contains__(self, target: str) -> bool:
        return self._start_count == self._server.start_count and name_of(target) in self._loaded

    def __len__(self) -> int:
        return len(self._loaded) if self._start_count == self._server.start_count else 0

    @contextlib.asynccontextmanager
    async def path(self, target: str, timings: dict[str, float]) -> AsyncIterator[str]:
        """The path at which the container takes requests for a model, which stays loaded inside the ``with``.

        Parameters
        ----------
        target : str
            ``TargetModel``: the archive's key relative to the container's prefix.
        timings : dict
            Receives the seconds of downloading, loading and unloading, by the name of AWS's metric, and ``ModelCacheHit``.

        Raises
        ------
        AwsError
            ``ValidationError``: there is no such archive, or the role may not read it.
        ModelLoadFailed
        """
        name = name_of(target)
        async with self._locks[name]:
            self._forget_if_restarted()
            timings["ModelCacheHit"] = float(name in self._loaded)
            if name not in self._loaded:
                await self._load(target, name, timings)
            loaded = self._loaded  # a restart of the server replaces `_loaded` during the request
            loaded[name] = loaded.pop(name, 0) + 1
        try:
            yield f"/models/{name}/invoke"
        finally:
            if name in loaded:
                loaded[name] -= 1
            if not self._cached and not self._loaded.get(name):
                await self._unload(name, timings)

    def forget(self, target: str) -> None:
        """Forget a model that the container has lost, because its process has ended."""
        self._loaded.pop(name_of(target), None)

    async def _load(self, target: str, name: str, timings: dict[str, float]) -> None:
        began = time.perf_counter()
        try:
            url = await asyncio.to_thread(self._server.fetch_model, target, name)
        except HostingError as error:
            raise validation_error(str(error)) from error
        timings["ModelDownloadingTime"] = time.perf_counter() - began
        body = json.dumps({"model_name": name, "url": url}).encode()
        while True:
            loading = time.perf_counter()
            reply = await self._ask("POST", "/models", body)
            if reply.status != NO_MEMORY or not await self._free_memory(timings):
                break
        timings["ModelLoadingTime"] = time.perf_counter() - loading
        timings["ModelLoadingWaitTime"] = time.perf_counter() - began
        if not reply.ok and reply.status != LOADED_ALREADY:
            raise ModelLoadFailed(reply)
        self._loaded[name] = 0

    async def _free_memory(self, timings: dict[str, float]) -> bool:
        """Unload the least recently used model; False when all are in use."""
        idle = next((name for name, requests in self._loaded.items() if not requests), None)
        if idle is None:
            return False
        await self._unload(idle, timings)
        return True

    async def _unload(self, name: str, timings: dict[str, float]) -> None:
        self._loaded.pop(name, None)
        began = time.perf_counter()
        await self._ask("DELETE", f"/models/{name}", b"")
        timings["ModelUnloadingTime"] = timings.get("ModelUnloadingTime", 0.0) + time.perf_counter() - began

    async def _ask(self, method: str, path: str, body: bytes) -> Reply:
        headers = {"Content-Type": "application/json"}
        return await self._client.request(self._server, path, body, headers, LOAD_SECONDS, method=method)

    def _forget_if_restarted(self) -> None:
        if self._start_count != self._server.start_count:
            self._loaded = {}
            self._start_count = self._server.start_count


def name_of(target: str) -> str:
    """SageMaker's name of a model inside the container: no slashes, derived from its key."""
    return hashlib.md5(target.encode(), usedforsecurity=False).hexdigest()
