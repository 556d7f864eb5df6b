"""Serverless variants: containers come with the requests, one for each request at a time, and go when none has come for a while.

Source: "Deploy models with Amazon SageMaker Serverless Inference" of the developer guide, read 2026-11-25. AWS does not publish after
which time a container goes.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from course.localaws.core.errors import AwsError
from course.localaws.sagemaker.hosting.servers.fleets import ProductionVariant
from course.localaws.sagemaker.hosting.servers.instances import HostedInstance, run_concurrently, start

if TYPE_CHECKING:
    from course.localaws.core.context import Context
    from course.localaws.jobs.runner import JobRunner

IDLE_SECONDS = 300.0  # by the clock, after which a container without a request goes
LOOK_SECONDS = 0.5  # between two looks at the clock


class ServerlessVariant(ProductionVariant):
    """A variant whose instances are the containers that run now.

    Those of its provisioned concurrency run all the time.
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
        """Set both concurrencies; what is provisioned is started by `start`."""
        self._most, self._provisioned = serverless["MaxConcurrency"], serverless.get("ProvisionedConcurrency", 0)

    @property
    def provisioned(self) -> int:
        return self._provisioned

    def start(self) -> None:
        """Start what is provisioned, or, to see whether the model can be served at all, one container that goes again."""
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
        """A container that has no request; it is not idle any more. None whose time has come, though nobody has looked since."""
        with self._lock:
            over = self._over()
            chosen = next((instance for instance in self._idle_since if instance.ready), None)
            self._idle_since.pop(chosen, None)
        if over:
            threading.Thread(target=run_concurrently, args=(over, HostedInstance.stop), name=f"serverless {self.name}", daemon=True).start()
        return chosen

    def grow(self) -> HostedInstance:
        """One more container, not yet started. Raises `AwsError` ``ThrottlingException`` when as many as may are there."""
        with self._lock:
            if len(self.instances) >= self._most:
                raise AwsError("ThrottlingException", f"Rate exceeded: variant {self.name} answers {self._most} requests at a time.", 429)
            instance = self._make()
            self.instances = [*self.instances, instance]
            return instance

    def shrink(self, instance: HostedInstance) -> None:
        """A container that `grow` made did not start."""
        self._drop([instance])

    def request_finished(self, instance: HostedInstance) -> None:
        """A container has nothing to do any more."""
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
                over = self._over()
            run_concurrently(over, HostedInstance.stop)
            with self._lock:
                if len(self.instances) <= self._provisioned:
                    self._watched = False
                    return

    def _over(self) -> Sequence[HostedInstance]:
        """Containers whose time has come; nobody can choose them any more. To be called with the lock."""
        limit = self._clock.now() - IDLE_SECONDS
        surplus = max(0, len(self.instances) - self._provisioned)
        over = [instance for instance, since in self._idle_since.items() if since <= limit][:surplus]
        self._forget(over)
        return over

    def _drop(self, instances: Sequence[HostedInstance]) -> None:
        with self._lock:
            self._forget(instances)

    def _forget(self, instances: Sequence[HostedInstance]) -> None:
        self.instances = [instance for instance in self.instances if instance not in instances]
        for instance in instances:
            self._idle_since.pop(instance, None)


def _bytes(serverless: dict) -> int:
    return serverless["MemorySizeInMB"] << 20
