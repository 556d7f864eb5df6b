"""Measures Feature Store: reads beside Feast, writes beside a server that answers empty, and the gateway's memory over many records."""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import psutil

from benchmarks import systems
from benchmarks.feature_store import feast, ingest
from benchmarks.rows import Row, not_measured, p50_in_turns, seconds
from course.localaws.server import launch
from course.regression import package_sets

RECORDS, FEATURES, ENTRIES, RUNS = 100_000, 8, 25, 5
MANY, WARM = 1_000_000, 100_000
THREADS, INGESTED = 4, 2_000


def measure() -> list[Row]:
    with launch.temporary() as handle, _empty() as empty:
        client = systems.client_of(handle)
        group = _group(handle, client)
        numbers = itertools.count(RECORDS)
        _fill(client, group, RECORDS)
        rows = [*_reads(client, group), _batches(client, group, numbers, empty)]
        rows.append(_ingest(handle, group, empty))
    return [*rows, _memory()]


def _reads(client: systems.Client, group: str) -> Iterator[Row]:
    """The servers' time for one record, each by a bare HTTP connection; and a whole boto3 call."""
    runtime, name = client("sagemaker-featurestore-runtime"), f"GetRecord of {RECORDS:,}, p50"
    numbers = itertools.count()

    def get() -> None:
        identifier = str(next(numbers) * 7919 % RECORDS)
        found = runtime.get_record(FeatureGroupName=group, RecordIdentifierValueAsString=identifier)
        if found["Record"][0]["ValueAsString"] != identifier:
            raise RuntimeError(f"a wrong record: {found}")

    ours = _bare(runtime, group)
    try:
        with systems.folder() as folder, feast.serving(folder, RECORDS, FEATURES) as theirs:
            yield Row(name, "ms", *p50_in_turns(ours, theirs, RUNS, 200), "Feast's feature server, SQLite", "ratio", 1 / 2)
            yield Row(f"{name}, by boto3", "ms", *p50_in_turns(get, theirs, RUNS, 200), "Feast's feature server", "measured", 3.0)
    except package_sets.PackageSetError as error:
        yield _without(name, "Feast's", error)


def _bare(runtime: Any, group: str) -> Callable[[], None]:
    """A function that sends boto3's request for one record again, as `feast.serving` sends its request. Its signature is valid for 15
    minutes."""
    kept: list[Any] = []
    runtime.meta.events.register("before-send", lambda request, **_: kept.append(request), unique_id="keep")
    runtime.get_record(FeatureGroupName=group, RecordIdentifierValueAsString="7919")
    runtime.meta.events.unregister("before-send", unique_id="keep")
    place = urlsplit(kept[0].url)
    ask, target = systems.requester(place.hostname, place.port), f"{place.path}?{place.query}"
    headers = {name: value.decode() if isinstance(value, bytes) else value for name, value in kept[0].headers.items()}

    def read() -> None:
        answer = ask("GET", target, None, headers)
        if answer.count(str(7919 / 2).encode()) != FEATURES:
            raise RuntimeError(f"not the record: {answer[:500]!r}")

    return read


def _batches(client: systems.Client, group: str, numbers: Iterator[int], empty: str) -> Row:
    """Time a record of BatchWriteRecord. 0.4 ms are 2,500 records a second."""
    ours = client("sagemaker-featurestore-runtime")
    theirs = client("sagemaker-featurestore-runtime")
    theirs.meta.events.register("before-sign.sagemaker-featurestore-runtime.*", lambda request, **_: _aim(request, empty))

    def write(runtime: Any) -> float:
        calls = 40
        taken = seconds(lambda: [_write(runtime, group, numbers) for _ in range(calls)])
        return taken * 1000 / (calls * ENTRIES)

    pairs = [(write(ours), write(theirs)) for _ in range(RUNS)]
    measured, beside = (list(each) for each in zip(*pairs, strict=True))
    return Row("BatchWriteRecord, time a record", "ms", measured, beside, "a server that answers empty", "measured", 0.4)


def _ingest(handle: launch.Handle, group: str, empty: str) -> Row:
    """Time a row of the SDK. 80 % of the throughput are 1.25 times the time."""
    name = f"SDK v2 ingest, {THREADS} threads, time a row"
    environment = {**os.environ, **handle.environment(), "NO_PROXY": "127.0.0.1"}
    try:
        measured, beside = ingest.milliseconds(group, handle.endpoint, empty, environment, RUNS, INGESTED, THREADS)
    except package_sets.PackageSetError as error:
        return _without(name, "the SDK's", error)
    return Row(name, "ms", measured, beside, "a server that answers empty", "ratio", 1 / 0.8)


def _without(name: str, whose: str, error: package_sets.PackageSetError) -> Row:
    return not_measured(name, "ms", f"{whose} environment cannot be made here ({str(error).splitlines()[-1][:100]})")


def _memory() -> Row:
    """How much the gateway's memory grows between a hundred thousand and a million records."""
    with launch.temporary() as handle:
        client = systems.client_of(handle)
        group, gateway = _group(handle, client), psutil.Process(handle.pid)
        _fill(client, group, WARM)
        before = gateway.memory_info().rss / 1e6
        _fill(client, group, MANY - WARM, WARM)
        after = gateway.memory_info().rss / 1e6
    return Row(f"Memory of the gateway, {MANY:,} records", "MB", [after], [before], f"after {WARM:,}", "difference", 30.0)


def _group(handle: launch.Handle, client: systems.Client) -> str:
    sagemaker = client("sagemaker")
    client("s3").create_bucket(Bucket=systems.BUCKET)
    features = {"id": "String", "t": "Fractional"} | {f"f{number}": "Fractional" for number in range(FEATURES)}
    sagemaker.create_feature_group(
        FeatureGroupName="bench",
        RecordIdentifierFeatureName="id",
        EventTimeFeatureName="t",
        FeatureDefinitions=[{"FeatureName": name, "FeatureType": kind} for name, kind in features.items()],
        OnlineStoreConfig={"EnableOnlineStore": True},
        OfflineStoreConfig={"S3StorageConfig": {"S3Uri": f"s3://{systems.BUCKET}/store"}},
        RoleArn=systems.ROLE,
    )
    handle.advance(600)
    systems.until(lambda: sagemaker.describe_feature_group(FeatureGroupName="bench")["FeatureGroupStatus"] == "Created", "the group")
    return "bench"


def _fill(client: systems.Client, group: str, count: int, first: int = 0) -> None:
    runtime, numbers = client("sagemaker-featurestore-runtime"), itertools.count(first)
    for _ in range(count // ENTRIES):
        _write(runtime, group, numbers)


def _write(runtime: Any, group: str, numbers: Iterator[int]) -> None:
    answer = runtime.batch_write_record(Entries=[_entry(group, next(numbers)) for _ in range(ENTRIES)])
    if answer.get("Errors") or answer.get("UnprocessedEntries"):
        raise RuntimeError(f"not written: {answer}")


def _entry(group: str, number: int) -> dict:
    values = {"id": str(number), "t": str(1372939200.0 + number % 7200)} | {f"f{each}": str(number / 2) for each in range(FEATURES)}
    return {
        "FeatureGroupName": group,
        "Record": [{"FeatureName": name, "ValueAsString": value} for name, value in values.items()],
    }


@contextlib.contextmanager
def _empty() -> Iterator[str]:
    """Run a server that answers empty; yield its endpoint."""
    port = systems.free_port()
    with systems.running([sys.executable, "-m", "benchmarks.feature_store.empty_server", str(port)], port):
        yield f"http://127.0.0.1:{port}"


def _aim(request: Any, endpoint: str) -> None:
    """Send a client's request to another server."""
    request.url = f"{endpoint}/BatchWriteRecord"
