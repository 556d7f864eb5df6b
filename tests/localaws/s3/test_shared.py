"""Buckets and objects while several threads use and change them: what one thread changes, every thread sees at once."""

from __future__ import annotations

import time

import pytest

from course.localaws.core.errors import AwsError
from course.localaws.s3.objects import MOST_KEPT
from course.localaws.s3.store import ObjectStore
from tests.localaws.threads import PAUSE_SECONDS, while_changing

CHANGES = 100
BUCKET, KIND = "bucket", "policy"


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


def test_a_thread_never_reads_an_object_older_than_the_last_change(store: ObjectStore) -> None:
    made, read = [0], []
    store.put_bytes(BUCKET, "key", b"")

    def change() -> None:
        for number in range(1, CHANGES + 1):
            store.put_bytes(BUCKET, "key", bytes(number))
            made[0] = number
            time.sleep(PAUSE_SECONDS)

    def use() -> None:
        least = made[0]
        size = store.head(BUCKET, "key").size
        read.append(size)
        assert size >= least

    while_changing(change, use)
    assert len(set(read)) > 1
    assert store.head(BUCKET, "key").size == CHANGES


def test_a_thread_never_finds_an_object_that_was_deleted(store: ObjectStore) -> None:
    deletions: list[int | None] = [None]  # how often the object has been deleted; None while it may be there
    missed = []

    def change() -> None:
        for number in range(CHANGES):
            store.put_bytes(BUCKET, "key", b"text")
            time.sleep(PAUSE_SECONDS)
            store.delete(BUCKET, "key")
            deletions[0] = number
            time.sleep(PAUSE_SECONDS)
            deletions[0] = None

    def use() -> None:
        before = deletions[0]
        found = store.objects.existing(BUCKET, "key")
        if before is not None and before == deletions[0]:
            missed.append(before)
            assert found is None

    while_changing(change, use)
    assert missed


def test_what_was_looked_up_follows_every_kind_of_change(store: ObjectStore) -> None:
    stored = store.put_bytes(BUCKET, "key", b"text")
    assert store.head(BUCKET, "key").tags == {}
    store.objects.set_tags(BUCKET, "key", None, {"team": "data"})
    assert store.head(BUCKET, "key").tags == {"team": "data"}
    store.objects.describe(stored, {"author": "ada"}, {})
    assert store.head(BUCKET, "key").metadata == {"author": "ada"}
    store.buckets.set_versioning(BUCKET, "Enabled")
    second = store.put_bytes(BUCKET, "key", b"second")
    assert store.head(BUCKET, "key").version == second.version
    store.objects.delete(BUCKET, "key", second.version)
    assert store.head(BUCKET, "key").size == len(b"text")
    store.delete(BUCKET, "key")
    with pytest.raises(AwsError, match="does not exist"):
        store.head(BUCKET, "key")


def test_a_refused_change_leaves_the_object_as_it_was(store: ObjectStore) -> None:
    store.put_bytes(BUCKET, "key", b"text")

    def refuse(current: object) -> None:
        raise AwsError("PreconditionFailed", "no", status=412)

    with pytest.raises(AwsError, match="no"):
        store.objects.delete(BUCKET, "key", condition=refuse)
    assert store.head(BUCKET, "key").size == 4


def test_more_objects_than_are_kept_are_all_found(store: ObjectStore) -> None:
    for number in range(MOST_KEPT + 10):
        store.put_bytes(BUCKET, str(number), bytes(number % 7))
    for _ in range(2):
        assert all(store.head(BUCKET, str(number)).size == number % 7 for number in range(MOST_KEPT + 10))


def test_after_a_reset_no_object_is_left(store: ObjectStore) -> None:
    store.put_bytes(BUCKET, "key", b"text")
    assert store.head(BUCKET, "key")
    store.reset()
    store.create_bucket(BUCKET, "us-east-1")
    with pytest.raises(AwsError, match="does not exist"):
        store.head(BUCKET, "key")
