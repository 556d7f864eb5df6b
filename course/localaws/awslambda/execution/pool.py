"""The execution environments of all functions: idle ones answer again, and end when they were idle for too long."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from course.localaws.awslambda.errors import throttled
from course.localaws.awslambda.execution.environment import KIND, ExecutionEnvironment
from course.localaws.awslambda.limits import limit
from course.localaws.awslambda.names import FunctionReference
from course.localaws.awslambda.packages import Packages
from course.localaws.jobs.control import ServerShuttingDown
from course.localaws.platform import Platform
from course.sandbox.process import sweep
from course.sandbox.trees import remove

LOOK_SECONDS = 0.5  # between two looks at the clock, which may be advanced

logger = logging.getLogger(__name__)


class EnvironmentPool:
    """Lends environments. Methods may be called from any thread.

    Parameters
    ----------
    platform : Platform
    packages : Packages
    """

    def __init__(self, platform: Platform, packages: Packages) -> None:
        self._platform, self._packages = platform, packages
        self._lock = threading.Lock()
        self._idle: list[tuple[float, ExecutionEnvironment]] = []  # since when, the longest idle one first
        self._busy: set[ExecutionEnvironment] = set()
        self._retired: set[ExecutionEnvironment] = set()  # busy ones that must not answer again
        self._watched = False
        self._ended = threading.Event()

    @contextmanager
    def lent(self, function: FunctionReference, configuration: dict) -> Iterator[ExecutionEnvironment]:
        """An environment for one invocation of a version. It may not have started yet.

        Raises
        ------
        AwsError
            ``TooManyRequestsException``: too many functions run at this time.
        ServerShuttingDown
        """
        environment = self._take(function, configuration)
        try:
            yield environment
        except BaseException:
            environment.end()
            raise
        finally:
            self._give_back(environment)

    def retire(self, region: str, name: str) -> None:
        """End the environments of a function: idle ones at once, and those that are answering after their answer."""
        with self._lock:
            self._retired |= {environment for environment in self._busy if _is_of(environment, region, name)}
            found = [environment for _, environment in self._idle if _is_of(environment, region, name)]
            self._idle = [entry for entry in self._idle if entry[1] not in found]
        self._end(found)

    def packages_in_use(self) -> set[str]:
        with self._lock:
            return {environment.package for environment in (*self._busy, *(environment for _, environment in self._idle))}

    def recover(self) -> None:
        """End processes that a killed local AWS left behind, and remove their folders."""
        boxes = self._platform.state / "boxes"
        for folder in boxes.glob(f"{KIND}.*") if boxes.exists() else ():
            sweep(folder)
            remove(folder)

    def end_all(self) -> None:
        """End every environment, also those that are answering."""
        with self._lock:
            found = [*self._busy, *(environment for _, environment in self._idle)]
            self._idle = []
        self._end(found)

    def shutdown(self) -> None:
        """As `end_all`; afterwards no environment can be lent."""
        self._ended.set()
        self.end_all()

    def _take(self, function: FunctionReference, configuration: dict) -> ExecutionEnvironment:
        with self._lock:
            if self._ended.is_set():
                raise ServerShuttingDown
            if len(self._busy) >= limit("concurrency"):
                raise throttled()
            expired = self._take_expired()
            usable = (entry for entry in reversed(self._idle) if self._fits(entry[1], function, configuration))
            entry = next(usable, None)
            if entry is not None:
                self._idle.remove(entry)
                environment = entry[1]
            else:
                environment = ExecutionEnvironment(self._platform, function, configuration, self._packages.path(configuration["_Package"]))
            self._busy.add(environment)
        self._end(expired)
        return environment

    def _fits(self, environment: ExecutionEnvironment, function: FunctionReference, configuration: dict) -> bool:
        spare = self._platform.clock.now() + configuration["Timeout"]
        fits = environment.function == function and environment.revision == configuration["RevisionId"]
        return fits and not environment.ended and environment.expires > spare

    def _give_back(self, environment: ExecutionEnvironment) -> None:
        with self._lock:
            self._busy.discard(environment)
            surplus: list[ExecutionEnvironment] = []
            again = environment not in self._retired and not self._ended.is_set()
            self._retired.discard(environment)
            if not environment.ended and again:
                self._idle.append((self._platform.clock.now(), environment))
                while len(self._idle) > limit("idle_environments"):
                    surplus.append(self._idle.pop(0)[1])
            elif not environment.ended:
                surplus.append(environment)
            watch = bool(self._idle) and not self._watched
            self._watched = self._watched or watch
        self._end(surplus)
        if watch:
            threading.Thread(target=self._watch, name="lambda-idle", daemon=True).start()

    def _watch(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            with self._lock:
                expired = self._take_expired()
                self._watched = bool(self._idle)
                watched = self._watched
            self._end(expired)
            if not watched:
                return

    def _take_expired(self) -> list[ExecutionEnvironment]:
        """Remove and return the environments that were idle for too long, or have ended. The caller holds the lock."""
        first = self._platform.clock.now() - limit("idle_seconds")
        expired = [environment for since, environment in self._idle if since <= first or environment.ended]
        self._idle = [entry for entry in self._idle if entry[1] not in expired]
        return expired

    @staticmethod
    def _end(environments: list[ExecutionEnvironment]) -> None:
        for environment in environments:
            try:
                environment.end()
            except Exception:  # the others must end, too
                logger.exception("an environment of %s was not ended", environment.function.arn)


def _is_of(environment: ExecutionEnvironment, region: str, name: str) -> bool:
    return (environment.function.region, environment.function.name) == (region, name)
