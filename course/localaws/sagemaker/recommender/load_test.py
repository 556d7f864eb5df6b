"""A load test: starts a model server, sends it the requests of users, and measures its usage."""

from __future__ import annotations

import contextlib
import json
import math
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psutil

from course.localaws.sagemaker.hosting.servers.model_server import ModelServer
from course.localaws.sagemaker.recommender.model import LoadMeasurement
from course.localaws.sagemaker.recommender.traffic import TrafficStep

GENERATOR = Path(__file__).with_name("load_generator.py")
WARM_UP = TrafficStep(users=1, seconds=30)
PERCENTILES = {"P50": 0.50, "P95": 0.95, "P99": 0.99}


class LoadTestError(Exception):
    """The model did not answer correctly; the message is the benchmark's ``FailureReason``."""


class LoadTest:
    """The test of one model server.

    Parameters
    ----------
    server : ModelServer
        Not yet started.
    steps : sequence of TrafficStep
        A step with one user comes first. It warms the server up and measures it without concurrency.
    target : dict
        ``headers`` of the requests and ``payloads``, paths of files.
    enough : function
        Called with all measurements after each step; true skips the remaining steps.

    Attributes
    ----------
    measured : list of LoadMeasurement
    """

    def __init__(
        self, server: ModelServer, steps: Sequence[TrafficStep], target: dict, enough: Callable[[list[LoadMeasurement]], bool]
    ) -> None:
        self._server, self._steps, self._target, self._enough = server, steps, target, enough
        self._generator: subprocess.Popen | None = None
        self._asked_to_stop = threading.Event()
        self.measured: list[LoadMeasurement] = []

    def run(self) -> None:
        """Start the server, test it, and stop it.

        Raises
        ------
        HostingError
            The server could not be started.
        LoadTestError
        """
        try:
            self._server.start()
            self._load()
        except Exception:
            if not self._asked_to_stop.is_set():  # otherwise it failed because its processes were stopped
                raise
        finally:
            self._server.stop(grace=0)

    def end(self, seconds: float) -> None:
        """End `run` at once."""
        self._asked_to_stop.set()
        if self._generator is not None:
            self._generator.kill()
        self._server.stop(grace=0)

    def _load(self) -> None:
        with subprocess.Popen(
            [sys.executable, "-I", "-S", str(GENERATOR)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as self._generator:
            try:
                self._order({"port": self._server.port} | self._target)
                for step in (WARM_UP, *self._steps):
                    if self._asked_to_stop.is_set():
                        return
                    self.measured.append(self._measure(self._server.pid, step))
                    if self._enough(self.measured):
                        break
            finally:
                self._generator.kill()

    def _order(self, document: dict) -> None:
        with contextlib.suppress(BrokenPipeError):  # `kill` ended it
            self._generator.stdin.write(json.dumps(document) + "\n")
            self._generator.stdin.flush()

    def _measure(self, pid: int | None, step: TrafficStep) -> LoadMeasurement:
        before, began = _processor_seconds(pid), time.perf_counter()
        self._order({"users": step.users, "seconds": step.real_seconds})
        answer = self._generator.stdout.readline()
        cores = (_processor_seconds(pid) - before) / (time.perf_counter() - began)
        if not answer:
            raise LoadTestError("The program that sends the requests has ended.")
        result = json.loads(answer)
        if result["error"]:
            raise LoadTestError(f"The model did not answer a request of the load test well: {result['error']}.")
        latencies = sorted(result["latencies"])
        latency = {name: latencies[math.ceil(share * len(latencies)) - 1] for name, share in PERCENTILES.items()}
        return LoadMeasurement(step.users, len(latencies) / result["seconds"], latency, cores, _memory(pid))


def _processor_seconds(pid: int | None) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in _processes(pid))


def _memory(pid: int | None) -> int:
    return sum(process.memory_info().rss for process in _processes(pid))


def _processes(pid: int | None) -> Iterator[psutil.Process]:
    """The processes in the server's box; empty once it has ended."""
    with contextlib.suppress(psutil.Error):
        for process in psutil.Process(pid).children(recursive=True) if pid else ():
            with contextlib.suppress(psutil.Error):
                process.cpu_times()
                yield process
