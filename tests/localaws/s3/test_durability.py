"""Acknowledged writes survive `kill -9`; unacknowledged ones leave nothing. Bodies of any size stream without filling the memory."""

from __future__ import annotations

import hashlib
import http.client
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from course.localaws.server import launch
from tests.leaked_processes import kill


@pytest.fixture
def state(tmp_path) -> Path:
    return tmp_path / "state"


def body_of(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest() * (1 + int(name.split("-")[1]) % 5000)


@pytest.mark.nightly  # server/test_server.py kills one under writes by day
def test_every_acknowledged_put_survives_a_kill(state, client_of):
    """Four clients put, overwrite and delete until the process is killed. Then the objects match the acknowledgements."""
    handle = launch.start(state)
    client_of(handle).create_bucket(Bucket="bucket")
    acknowledged: list[dict[str, str]] = [{} for _ in range(4)]  # key -> name of the last acknowledged body, "" when deleted
    doubtful: list[str] = [""] * 4  # the key of the request without a response
    enough = threading.Event()

    def work(worker: int) -> None:
        s3 = client_of(handle)
        for number in range(10_000):
            key = doubtful[worker] = f"{worker}-{number % 40}"
            try:
                if number % 7 == 6:
                    s3.delete_object(Bucket="bucket", Key=key)
                    acknowledged[worker][key] = ""
                else:
                    name = f"{key}-{number}"
                    s3.put_object(Bucket="bucket", Key=key, Body=body_of(name), Metadata={"name": name})
                    acknowledged[worker][key] = name
            except (BotoCoreError, ClientError):
                return
            if number == 60:
                enough.set()

    workers = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for worker in workers:
        worker.start()
    assert enough.wait(120)
    kill(handle.pid)
    for worker in workers:
        worker.join(60)

    again = launch.start(state)
    try:
        s3 = client_of(again)
        for worker, keys in enumerate(acknowledged):
            for key, name in keys.items():
                found = _get(s3, key)
                if found is not None:
                    assert found[1] == body_of(found[0])  # either version is possible, but never half an object
                if key != doubtful[worker]:
                    assert (found[0] if found else "") == name
        entries = s3.list_objects_v2(Bucket="bucket").get("Contents", [])
        files = [path for path in (state / "objects").rglob("*") if path.is_file()]
        assert len(files) == len(entries)
    finally:
        again.stop()


def _get(s3, key: str) -> tuple[str, bytes] | None:
    try:
        found = s3.get_object(Bucket="bucket", Key=key)
    except s3.exceptions.NoSuchKey:
        return None
    return found["Metadata"]["name"], found["Body"].read()


@pytest.mark.parametrize("size", [300 << 20, pytest.param(2 << 30, marks=pytest.mark.nightly)])
def test_a_large_body_does_not_sit_in_memory(local_aws, s3, bucket, tmp_path, size):
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(size)
    s3.put_object(Bucket=bucket, Key="large", Body=bytes(64 << 20))  # the buffers of the first large body stay
    process = psutil.Process(local_aws.pid)
    before = process.memory_info().rss
    with path.open("rb") as file:
        s3.put_object(Bucket=bucket, Key="large", Body=file)
    stream = s3.get_object(Bucket=bucket, Key="large")["Body"]
    assert sum(len(chunk) for chunk in stream.iter_chunks(1 << 20)) == size
    assert process.memory_info().rss - before < 50 << 20
    s3.delete_object(Bucket=bucket, Key="large")


def test_an_upload_that_breaks_off_leaves_nothing(local_aws, s3, bucket):
    class Breaks:
        """A body whose reader fails half-way through."""

        def __init__(self) -> None:
            self.left = 5

        def read(self, size: int = -1) -> bytes:
            self.left -= 1
            if self.left < 0:
                raise OSError("the client gives up")
            return b"x" * 100_000

    before = _bodies(local_aws)
    url = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "broken"})
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=20)
    with pytest.raises(OSError, match="gives up"):
        connection.request("PUT", f"{parts.path}?{parts.query}", body=Breaks(), headers={"content-length": "10000000"})
    connection.close()
    assert _becomes(lambda: _bodies(local_aws) == before)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def _bodies(handle: launch.Handle) -> set[Path]:
    return {path for path in (handle.state / "objects").rglob("*") if path.is_file()}


def _becomes(condition: Callable[[], bool]) -> bool:
    """Returns whether the condition becomes true within twenty seconds."""
    pause = threading.Event()
    return any(condition() or pause.wait(0.05) for _ in range(400))
