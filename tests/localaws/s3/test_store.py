"""The store's Python interface for jobs and engines: files in and out, without HTTP."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import textwrap

import pytest

from course.localaws.core.clock import Clock
from course.localaws.core.errors import AwsError
from course.localaws.kms.managed import managed_key
from course.localaws.kms.store import KeyStore
from course.localaws.s3.store import ObjectStore
from tests.localaws.s3.conftest import opened_store


def bodies(store: ObjectStore) -> list[str]:
    return [str(path) for path in store.bodies.root.rglob("*") if path.is_file()]


def test_a_file_goes_in_and_is_found(store, tmp_path):
    source = tmp_path / "model.tar.gz"
    source.write_bytes(b"weights")
    stored = store.put_file("bucket", "jobs/1/model.tar.gz", source)
    found = store.head("bucket", "jobs/1/model.tar.gz")
    assert found == stored
    assert (found.path.read_bytes(), found.size, found.content_type) == (b"weights", 7, "binary/octet-stream")
    assert (found.version, found.etag) == ("null", hashlib.md5(b"weights").hexdigest())
    assert source.exists()


def test_a_moved_file_is_the_body_itself(store, tmp_path):
    source = tmp_path / "big"
    source.write_bytes(b"x" * 1000)
    inode = source.stat().st_ino
    stored = store.put_file("bucket", "big", source, move=True)
    assert not source.exists()
    assert stored.path.stat().st_ino == inode


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_a_file_that_someone_else_can_still_change_is_copied(store, tmp_path, link):
    original, second = tmp_path / "original", tmp_path / "second"
    original.write_bytes(b"before")
    link(original, second)
    stored = store.put_file("bucket", "k", second, move=True)
    original.write_bytes(b"after!")
    assert stored.path.read_bytes() == b"before"
    assert not second.exists()


def test_overwriting_and_deleting_leave_no_file_but_spare_who_holds_a_link(store, tmp_path):
    kept = tmp_path / "input"
    os.link(store.put_bytes("bucket", "k", b"first").path, kept)
    store.put_bytes("bucket", "k", b"second")
    assert len(bodies(store)) == 1
    store.delete("bucket", "k")
    store.delete("bucket", "k")
    assert (bodies(store), kept.read_bytes()) == ([], b"first")


def test_bodies_are_read_only(store):
    assert store.put_bytes("bucket", "k", b"x").path.stat().st_mode & 0o777 == 0o444


def test_listing_is_in_key_order_and_page_by_page(store):
    keys = [f"p/{n:04d}" for n in range(2100)]
    for key in ["o", *reversed(keys), "q"]:
        store.put_bytes("bucket", key, b"")
    assert [found.key for found in store.list("bucket", "p/")] == keys
    assert sum(1 for _ in store.list("bucket")) == 2102


def test_what_is_missing(store):
    cases = {
        "NoSuchBucket": [lambda: store.head("none", "k"), lambda: store.list("none"), lambda: store.put_bytes("none", "k", b"")],
        "NoSuchKey": [lambda: store.head("bucket", "k")],
    }
    for code, calls in cases.items():
        for call in calls:
            with pytest.raises(AwsError) as error:
                call()
            assert error.value.code == code
    assert (store.bucket_exists("bucket"), store.bucket_exists("none")) == (True, False)
    assert bodies(store) == []


def test_opening_removes_what_a_killed_process_left(store, tmp_path):
    kept = store.put_bytes("bucket", "k", b"kept").path
    uncommitted = store.bodies.path("ab" + "0" * 30)
    uncommitted.parent.mkdir(exist_ok=True)
    uncommitted.write_bytes(b"never committed")
    store.shutdown()
    again = opened_store(tmp_path / "state")
    assert bodies(again) == [str(kept)]
    assert again.head("bucket", "k").path.read_bytes() == b"kept"
    again.shutdown()


def test_reset_forgets_everything(store):
    store.put_bytes("bucket", "k", b"x")
    store.reset()
    assert (store.bucket_exists("bucket"), bodies(store)) == (False, [])


FULL = """
    import sys
    from pathlib import Path
    from course.localaws.core.clock import Clock
    from course.localaws.core.errors import AwsError
    from course.localaws.kms.store import KeyStore
    from course.localaws.s3.store import ObjectStore

    keys = KeyStore(Path(sys.argv[1]).parent / "kms.db", "123456789012", Clock())  # not on the small disk
    store = ObjectStore(Path(sys.argv[1]), Clock(), keys)
    store.create_bucket("bucket", "us-east-1")
    kept = 0
    try:
        while True:
            store.put_bytes("bucket", str(kept), b"x" * 1_000_000)
            kept += 1
    except AwsError as error:
        print(error.code, error.status, "is full" in error.message)
    files = [path for path in store.bodies.root.rglob("*") if path.is_file()]
    print([found.key for found in store.list("bucket")] == sorted(map(str, range(kept))), len(files) == kept)
    store.delete("bucket", "0")
    print(store.put_bytes("bucket", "again", b"x" * 1_000_000).size)
"""


def test_a_full_disk_keeps_what_was_stored_and_nothing_half(tmp_path):
    if subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode:
        pytest.skip("needs a kernel that lets users make mount namespaces, for a disk of 6 MB, until 2027-05-24")
    command = f'mount -t tmpfs -o size=6500k tmpfs {tmp_path} && {sys.executable} -c "$SCRIPT" {tmp_path}'
    environment = {**os.environ, "SCRIPT": textwrap.dedent(FULL)}
    ran = subprocess.run(["unshare", "-rm", "sh", "-c", command], env=environment, capture_output=True, text=True, timeout=60)
    assert ran.stdout.splitlines() == ["InsufficientStorage 507 True", "True True", "1000000"], ran.stdout + ran.stderr


def put_file(store: ObjectStore, path, **options) -> dict:
    path.write_bytes(b"x")
    return store.put_file("bucket", "k", path, **options).attributes.properties


def put_bytes(store: ObjectStore, path, **options) -> dict:
    return store.put_bytes("bucket", "k", b"x", **options).attributes.properties


@pytest.mark.parametrize("put", [put_file, put_bytes])
def test_what_a_service_stores_has_the_encryption_of_its_key_or_of_the_bucket(store, tmp_path, put):
    assert put(store, tmp_path / "body") == {"ServerSideEncryption": "AES256"}
    keys = KeyStore(tmp_path / "state" / "kms.db", "123456789012", Clock())
    first, second = (managed_key(keys, "us-east-1", f"alias/aws/{service}") for service in ("s3", "glue"))
    keys.shutdown()
    store.shutdown()
    store = opened_store(tmp_path / "state")
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": first.id}, "BucketKeyEnabled": True}
    store.buckets.configure("bucket", "encryption", {"Rules": [rule]})
    for options, expected in (({}, first.arn), ({"kms_key": second.arn}, second.arn)):
        found = put(store, tmp_path / "body", **options)
        assert found == {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": expected, "BucketKeyEnabled": True}


def test_the_files_of_removed_bodies_stay_while_somebody_reads(store):
    store.put_bytes("bucket", "key", b"old")
    old = store.head("bucket", "key").path
    with store.bodies.reading():
        with store.bodies.reading():
            store.put_bytes("bucket", "key", b"new")
        assert old.read_bytes() == b"old"
    assert bodies(store) == [str(store.head("bucket", "key").path)]
