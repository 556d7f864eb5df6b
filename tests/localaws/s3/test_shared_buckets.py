"""Buckets while several threads use and change them: what one thread changes, every thread sees at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from course.localaws.core.errors import AwsError
from course.localaws.s3.store import ObjectStore

CHANGES = 100
PAUSE_SECONDS = 0.0002  # between two changes and between two uses, so that both get their turn
BUCKET, KIND = "bucket", "policy"


def while_changing(change: Callable[[], None], use: Callable[[], None], users: int = 2) -> None:
    """Runs ``change``, and ``use`` in other threads until it has ended. Raises what any of them raises."""
    ended = threading.Event()

    def work() -> None:
        while not ended.wait(PAUSE_SECONDS):
            use()

    with ThreadPoolExecutor(users) as threads:
        working = [threads.submit(work) for _ in range(users)]
        try:
            change()
        finally:
            ended.set()
        for each in working:
            each.result()


def test_a_thread_never_reads_a_configuration_older_than_the_last_change(store: ObjectStore) -> None:
    made, read = [0], []
    store.buckets.configure(BUCKET, KIND, {"number": 0})

    def change() -> None:
        for number in range(1, CHANGES + 1):
            store.buckets.configure(BUCKET, KIND, {"number": number})
            made[0] = number
            time.sleep(PAUSE_SECONDS)

    def use() -> None:
        least = made[0]
        number = store.buckets.configuration(BUCKET, KIND)["number"]
        read.append(number)
        assert number >= least

    while_changing(change, use)
    assert len(set(read)) > 1
    assert store.buckets.configuration(BUCKET, KIND) == {"number": CHANGES}


def test_a_deleted_bucket_takes_no_object(store: ObjectStore) -> None:
    refused: list[str] = []

    def change() -> None:
        for _ in range(CHANGES):
            store.create_bucket("coming", "us-east-1")
            try:
                store.delete("coming", "key")
                store.buckets.delete("coming")
            except AwsError as error:
                assert error.code == "BucketNotEmpty"
            time.sleep(PAUSE_SECONDS)

    def use() -> None:
        try:
            store.put_bytes("coming", "key", b"text")
        except AwsError as error:
            assert error.code == "NoSuchBucket"
            refused.append(error.code)

    while_changing(change, use)
    assert refused


def test_a_caller_may_change_the_document_that_it_reads(store: ObjectStore) -> None:
    store.buckets.configure(BUCKET, KIND, {"list": [1]})
    store.buckets.configuration(BUCKET, KIND)["list"].append(2)
    assert store.buckets.configuration(BUCKET, KIND) == {"list": [1]}


def test_after_a_reset_no_bucket_is_left(store: ObjectStore) -> None:
    store.buckets.configure(BUCKET, KIND, {"number": 1})
    assert store.buckets.configuration(BUCKET, KIND)
    store.reset()
    assert store.buckets.find(BUCKET) is None
    with pytest.raises(AwsError, match="does not exist"):
        store.buckets.configuration(BUCKET, KIND)
    store.create_bucket(BUCKET, "eu-west-1")
    assert store.buckets.get(BUCKET).region == "eu-west-1"
    assert store.buckets.configuration(BUCKET, KIND) is None
