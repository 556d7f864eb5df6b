"""Objects that are overwritten or deleted between two requests of a job, or while they are read."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from course.localaws.context import Context
from course.localaws.core.call import Principal
from course.localaws.core.credentials import ACCOUNT
from course.localaws.jobs.s3_data import DataError, InputObject, JobData
from course.localaws.platform import Platform
from course.localaws.s3.operations.objects import get_object
from course.localaws.server.app import LocalAws
from course.sandbox.trees import Directory
from tests.localaws.threads import PAUSE_SECONDS, while_changing

BUCKET = "bucket"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/SageMakerRole"
CHANGES = 200


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    aws = LocalAws(tmp_path_factory.mktemp("state"), "http://127.0.0.1:1")
    aws.platform.objects.create_bucket(BUCKET, "us-east-1")
    yield aws.platform
    aws.shutdown()


@pytest.fixture(scope="module")
def data(platform: Platform) -> JobData:
    return JobData(platform, "training-job/changing", ROLE)


def download(data: JobData, items: list[InputObject], folder: Path, link: bool = False) -> None:
    with Directory.open(folder) as opened:
        data.download(items, opened, link)


def test_an_object_that_was_overwritten_since_it_was_listed_is_downloaded_as_it_is_now(
    platform: Platform, data: JobData, tmp_path: Path
) -> None:
    platform.objects.put_bytes(BUCKET, "overwritten/a.csv", b"first")
    items = data.find(f"s3://{BUCKET}/overwritten")
    platform.objects.put_bytes(BUCKET, "overwritten/a.csv", b"second")
    download(data, items, tmp_path, link=True)
    assert (tmp_path / "a.csv").read_bytes() == b"second"


def test_a_download_names_an_object_that_was_deleted_since_it_was_listed(platform: Platform, data: JobData, tmp_path: Path) -> None:
    platform.objects.put_bytes(BUCKET, "deleted/a.csv", b"first")
    items = data.find(f"s3://{BUCKET}/deleted")
    platform.objects.delete(BUCKET, "deleted/a.csv")
    with pytest.raises(DataError, match=f"NoSuchKey.*s3://{BUCKET}/deleted/a.csv"):
        download(data, items, tmp_path)
    assert not (tmp_path / "a.csv").exists()


def test_a_job_can_always_download_an_object_that_others_overwrite(platform: Platform, data: JobData, tmp_path: Path) -> None:
    platform.objects.put_bytes(BUCKET, "changing/a.csv", b"0")
    items, numbers = data.find(f"s3://{BUCKET}/changing"), itertools.count()
    read = set()

    def use() -> None:
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        download(data, items, folder)
        read.add((folder / "a.csv").read_bytes())

    while_changing(lambda: overwrite(platform, "changing/a.csv"), use)
    assert len(read) > 1


def test_a_job_can_always_open_an_object_that_others_overwrite(platform: Platform, data: JobData) -> None:
    platform.objects.put_bytes(BUCKET, "opened", b"0")
    read = set()

    def use() -> None:
        with data.open(BUCKET, "opened") as stream:
            read.add(stream.read())

    while_changing(lambda: overwrite(platform, "opened"), use)
    assert len(read) > 1


def test_get_object_always_answers_while_a_job_overwrites_the_object(platform: Platform) -> None:
    context = Context("us-east-1", ACCOUNT, platform, Principal(ACCOUNT, ROLE, "", inside=True))
    platform.objects.put_bytes(BUCKET, "got", b"0")
    read = set()

    def use() -> None:
        sent: list[dict] = []

        async def send(message: dict) -> None:
            sent.append(message)

        response = get_object(context, {"Bucket": BUCKET, "Key": "got"})
        asyncio.run(response({"type": "http"}, None, send))
        read.add(b"".join(message.get("body", b"") for message in sent))

    while_changing(lambda: overwrite(platform, "got"), use)
    assert len(read) > 1


def overwrite(platform: Platform, key: str) -> None:
    for number in range(CHANGES):
        platform.objects.put_bytes(BUCKET, key, str(number).encode())
        time.sleep(PAUSE_SECONDS)
