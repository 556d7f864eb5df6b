"""Serverless variants: requests start containers, one request at a time each, and idle containers are stopped.

Source: "Deploy models with Amazon SageMaker Serverless Inference" of the developer guide, read 2026-11-25. AWS does not publish how long a
container may be idle.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from course.localaws.core.errors import AwsError
from course.localaws.sagemaker.hosting.servers.instances import HostedInstance, run_concurrently, start
from course.localaws.sagemaker.hosting.servers.production_variant import ProductionVariant

if TYPE_CHECKING:
    from course.localaws.context import Context
    from course.localaws.jobs.runner import JobRunner

IDLE_SECONDS = 300.0  # by the clock; then an idle container is stopped
LOOK_SECONDS = 0.5  # between two looks at the clock


class ServerlessVariant(ProductionVariant):
    """A variant whose instances are the containers that run now.

    The containers of its provisioned concurrency run all the time.
    """

    def __init__(self, runner: JobRunner, context: Context, endpoint: str, document: dict) -> None:
        super().__init__(runner, context, endpoint, document | {"InstanceCount": 0, "MemoryBytes": _bytes(document["Serverless"])})
        self._clock = runner.platform.clock
        self._lock = threading.Lock()
        self._idle_since: dict[HostedInstance, float] = {}
        self._watched = False
        self._ended = threading.Event()
        self.configure(document["Serverless"])

    def configure(self, serverless: dict) -> None:
        """Set both concurrencies; `start` then starts the provisioned containers."""
        self._most, self._provisioned = serverless["MaxConcurrency"], serverless.get("ProvisionedConcurrency", 0)

    @property
    def provisioned(self) -> int:
        return self._provisioned

    def start(self) -> None:
        """Start the provisioned containers. If there are none, start and stop one container, to check that it can serve the model."""
        missing = max(1, self._provisioned) - len(self.instances)
        tried = [self._make() for _ in range(missing)]
        self.instances = [*self.instances, *tried]
        try:
            start(tried)
        except Exception:
            self._drop(tried)
            raise
        if self._provisioned:
            for instance in tried:
                self.request_finished(instance)
        else:
            self._drop(tried)
            run_concurrently(tried, HostedInstance.stop)

    def choose(self, model: str | None = None) -> HostedInstance | None:
        """An idle container, or None. Never one that was idle for too long, even if the watching thread has not stopped it yet."""
        with self._lock:
            expired = self._take_expired()
            chosen = next((instance for instance in self._idle_since if instance.ready), None)
            self._idle_since.pop(chosen, None)
        if expired:
            name = f"serverless {self.name}"
            threading.Thread(target=run_concurrently, args=(expired, HostedInstance.stop), name=name, daemon=True).start()
        return chosen

    def grow(self) -> HostedInstance:
        """Add one container, not yet started. Raises `AwsError` ``ThrottlingException`` at the maximum concurrency."""
        with self._lock:
            if len(self.instances) >= self._most:
                raise AwsError("ThrottlingException", f"Rate exceeded: variant {self.name} answers {self._most} requests at a time.", 429)
            instance = self._make()
            self.instances = [*self.instances, instance]
            return instance

    def shrink(self, instance: HostedInstance) -> None:
        self._drop([instance])

    def request_finished(self, instance: HostedInstance) -> None:
        """Mark a container as idle, and make sure that a thread watches idle containers."""
        with self._lock:
            self._idle_since[instance] = self._clock.now()
            if self._watched or self._ended.is_set() or len(self.instances) <= self._provisioned:
                return
            self._watched = True
        threading.Thread(target=self._watch, name=f"serverless {self.name}", daemon=True).start()

    def end(self) -> None:
        self._ended.set()

    def _watch(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            with self._lock:
                expired = self._take_expired()
            run_concurrently(expired, HostedInstance.stop)
            with self._lock:
                if len(self.instances) <= self._provisioned:
                    self._watched = False
                    return

    def _take_expired(self) -> Sequence[HostedInstance]:
        """Remove and return the containers that were idle for too long. The caller must hold the lock."""
        limit = self._clock.now() - IDLE_SECONDS
        surplus = max(0, len(self.instances) - self._provisioned)
        expired = [instance for instance, since in self._idle_since.items() if since <= limit][:surplus]
        self._remove(expired)
        return expired

    def _drop(self, instances: Sequence[HostedInstance]) -> None:
        with self._lock:
            self._remove(instances)

    def _remove(self, instances: Sequence[HostedInstance]) -> None:
        self.instances = [instance for instance in self.instances if instance not in instances]
        for instance in instances:
            self._idle_since.pop(instance, None)


def _bytes(serverless: dict) -> int:
    return serverless["MemorySizeInMB"] << 20
