"""The systems under test: a local AWS and a moto server, each its own process with a temporary folder, and boto3 clients for them."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import boto3
import psutil
from botocore.config import Config
from botocore.httpsession import URLLib3Session

from benchmarks.rows import Row, p50_in_turns
from course import interrupts
from course.localaws.core.credentials import issued
from course.localaws.core.sdk_environment import REGION
from course.localaws.server import launch

Client = Callable[[str], Any]  # client("s3")
Ask = Callable[[Any], None]  # takes a client
LIMIT_SECONDS = 60.0
ROLE = "arn:aws:iam::123456789012:role/SageMakerRole"
XGBOOST = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
BUCKET = "benchmarks"


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="benchmarks-", ignore_cleanup_errors=True) as path:
        yield Path(path)


@contextlib.contextmanager
def moto_server(port: int | None = None) -> Iterator[str]:
    """Run a moto server; yield its endpoint once it answers."""
    port = port or free_port()
    with running([Path(sys.executable).with_name("moto_server"), "-H", "127.0.0.1", "-p", str(port)], port):
        yield f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def running(command: Sequence[str | Path], port: int, limit: float = LIMIT_SECONDS, **options: Any) -> Iterator[None]:
    """Run a server that must accept connections on ``port`` within ``limit`` seconds. It and its children end with the block.

    ``options`` go to `subprocess.Popen`.
    """
    with contextlib.ExitStack() as at_end:
        with interrupts.defer_signals():
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)
            at_end.callback(_end, process)
        until(lambda: process.poll() is not None or accepts(port), f"{command[0]} answers", limit)
        if process.poll() is not None:
            raise RuntimeError(f"{command[0]} ended with exit code {process.returncode} while starting")
        yield


def _end(process: subprocess.Popen) -> None:
    children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for child in children:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()


def client_of(handle: launch.Handle) -> Client:
    credential = issued(handle.state)
    session = boto3.Session(credential.principal.access_key, credential.secret, credential.token, REGION)
    return lambda service: session.client(service, endpoint_url=handle.endpoint, config=_config())


def moto_client(endpoint: str) -> Client:
    session = boto3.Session("AKIAIOSFODNN7EXAMPLE", "secret", region_name=REGION)
    return lambda service: session.client(service, endpoint_url=endpoint, config=_config())


def _config() -> Config:
    return Config(retries={"total_max_attempts": 1}, read_timeout=120, max_pool_connections=16, proxies={})


def beside(name: str, ask: Ask, ours: Any, theirs: Any, limit: float) -> list[Row]:
    """Two rows that compare a request with moto: the servers' time for it, and a whole boto3 call, which may take half of moto's time."""
    answered = p50_in_turns(sent(ask, ours), sent(ask, theirs))
    called = p50_in_turns(lambda: ask(ours), lambda: ask(theirs))
    return [
        Row(f"{name}, p50", "ms", *answered, "moto", "ratio", limit),
        Row(f"{name} by boto3, p50", "ms", *called, "moto", "ratio", 1 / 2),
    ]


def sent(ask: Ask, client: Any) -> Callable[[], None]:
    """A function that sends boto3's request again and reads the response, which must have as many bytes as the first time."""
    requests: list[Any] = []
    client.meta.events.register("before-send", lambda request, **_: requests.append(request), unique_id="keep")
    ask(client)
    client.meta.events.unregister("before-send", unique_id="keep")
    connection = URLLib3Session(socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)])  # as in boto3's clients

    def answer() -> bytes:
        requests[0].reset_stream()
        response = connection.send(requests[0])
        if response.status_code != 200:
            raise RuntimeError(f"{response.status_code}: {response.content[:200]!r}")
        return response.content

    whole = len(answer())

    def send() -> None:
        if len(content := answer()) != whole:
            raise RuntimeError(f"{len(content)} bytes in place of {whole}: {content[:200]!r}")

    return send


def until(condition: Callable[[], Any], what: str, limit: float = LIMIT_SECONDS, pause: float = 0.01) -> Any:
    """Wait for the first true value of ``condition`` and return it.

    Raises
    ------
    TimeoutError
    """
    end = time.monotonic() + limit
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(pause)
    raise TimeoutError(f"after {limit} s still not: {what}")


def accepts(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def training_request(name: str, hyperparameters: dict[str, str], channel: str) -> dict[str, Any]:
    """A CreateTrainingJob request for the built-in XGBoost algorithm on CSV below the S3 URI ``channel``."""
    source = {"S3DataType": "S3Prefix", "S3Uri": channel, "S3DataDistributionType": "FullyReplicated"}
    return {
        "TrainingJobName": name,
        "RoleArn": ROLE,
        "AlgorithmSpecification": {"TrainingImage": XGBOOST, "TrainingInputMode": "File"},
        "HyperParameters": hyperparameters,
        "InputDataConfig": [{"ChannelName": "train", "DataSource": {"S3DataSource": source}, "ContentType": "text/csv"}],
        "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/out"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
        "StoppingCondition": {"MaxRuntimeInSeconds": 120},
    }


def trained(sagemaker: Any, name: str) -> dict[str, Any]:
    """The description of a training job that has completed.

    Raises
    ------
    RuntimeError
        When it ended with another status.
    """
    job = until(lambda: has_ended(sagemaker, name), f"{name} has ended", pause=0.05)
    if job["TrainingJobStatus"] != "Completed":
        raise RuntimeError(f"{name} ended as {job['TrainingJobStatus']}: {job.get('FailureReason')}")
    return job


def has_ended(sagemaker: Any, name: str) -> dict[str, Any] | None:
    """The description of a training job that has ended; ``None`` while it runs."""
    job = sagemaker.describe_training_job(TrainingJobName=name)
    return None if job["TrainingJobStatus"] in ("InProgress", "Stopping") else job


def kill(pid: int) -> None:
    """``kill -9`` a child of this process and wait until it has ended."""
    os.kill(pid, 9)
    os.waitpid(pid, 0)


def requester(host: str, port: int) -> Callable[[str, str, str | None, dict[str, str]], bytes]:
    """A function of method, path, body and headers that returns the answer's body. Its one connection stays open."""
    connection = HTTPConnection(host, port)

    def ask(method: str, path: str, body: str | None, headers: dict[str, str]) -> bytes:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        found = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status}: {found[:500]!r}")
        return found

    return ask
