"""The ledger by lesson, and AWS's free tier."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from course.localaws.billing import ledger as text_of
from course.localaws.billing.ledger import ledger
from course.localaws.billing.page import page
from course.localaws.billing.usage import HOUR, Interval, Item, UsageStore
from course.localaws.core.clock import Clock
from tests.localaws.moto.restartable_aws import RestartableAws

JUNE = datetime(2026, 6, 1, tzinfo=UTC).timestamp()
DAY = 24 * HOUR
RATE = 0.000003  # dollars of a request to KMS
FREE = 20_000  # of them in a month


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestartableAws]:
    aws = RestartableAws(tmp_path_factory.mktemp("ledger") / "state")
    yield aws
    aws.stop()


@pytest.fixture
def store(tmp_path: Path) -> UsageStore:
    return UsageStore(tmp_path / "usage.db", Clock())


def requests(region: str = "us-east-1") -> Item:
    return Item("awskms", "KMS-Requests", "Decrypt", region)


def test_the_free_tier_is_shown_beside_the_amount_and_taken_off_on_request(store):
    store.count(requests(), 50_000, JUNE)
    plain, reduced = (ledger(store, JUNE + DAY, free_tier=applied) for applied in (False, True))
    [line] = plain["services"][0]["lines"]
    assert (line["free"], line["cost"]) == (FREE, pytest.approx(50_000 * RATE))
    assert plain["free_tier"] == {"applied": False, "saves": pytest.approx(FREE * RATE)}
    assert reduced["total"] == reduced["services"][0]["lines"][0]["cost"] == pytest.approx(30_000 * RATE)
    assert "20,000 within the free tier" in text_of.text(plain) and "20,000 within the free tier" in page(plain)


def test_the_free_tier_begins_anew_each_month_and_counts_all_regions_together(store):
    for day, region in ((0, "us-east-1"), (1, "us-west-2"), (31, "us-west-2")):
        store.count(requests(region), 15_000, JUNE + day * DAY)
    assert ledger(store, JUNE + 40 * DAY, free_tier=True)["total"] == pytest.approx(10_000 * RATE)


def test_nothing_is_free_of_a_usage_type_without_a_free_tier(store):
    endpoint = Item("AmazonSageMaker", "Host:ml.m5.large", "RunInstance", "us-east-1", "arn")
    store.add([Interval(endpoint, 1, JUNE, JUNE + HOUR)])
    found = ledger(store, JUNE + DAY, free_tier=True)
    assert found["total"] == pytest.approx(0.115) and found["free_tier"]["saves"] == 0


def test_what_a_lessons_names_or_tags_mark_is_its_cost(store):
    def used(resource: str, hours: float) -> None:
        store.add(
            [Interval(Item("AmazonSageMaker", "Host:ml.m5.large", "RunInstance", "us-east-1", resource), 1, JUNE, JUNE + hours * HOUR)]
        )

    store.belongs("a1b2c3", "m08_1")
    store.belongs("d4e5f6", "m04_1")
    store.belongs("aaaaaa", "m04_1")
    used("arn:aws:sagemaker:us-east-1:123456789012:endpoint/late-a1b2c3-0f0f", 1)
    used("arn:aws:sagemaker:us-east-1:123456789012:endpoint/late-d4e5f6-1234", 2)
    store.tagged("arn:untraceable", {"run": "course-aaaaaa"}, JUNE)
    used("arn:untraceable", 4)
    used("arn:of-nobody", 8)
    found = ledger(store, JUNE + DAY)
    assert found["lessons"] == {lesson: pytest.approx(0.115 * hours) for lesson, hours in (("", 8), ("m04_1", 6), ("m08_1", 1))}
    assert sum(found["lessons"].values()) == pytest.approx(found["total"])
    assert "m08_1: $0.1150" in text_of.text(found) and "(no lesson): $0.9200" in text_of.text(found)
    assert "By lesson" in page(found)


def test_a_connection_tells_the_local_aws_its_lesson(aws):
    program = (
        "from course import connect\n"
        "aws = connect('m99_1')\n"
        "aws.client('secretsmanager').create_secret(Name=aws.unique('token'), SecretString='s')"
    )
    environment = {"COURSE_LOCALAWS_STATE": str(aws.state), "PATH": "", "HOME": str(aws.state)}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True, capture_output=True)
    aws.handle.advance(10 * DAY)
    command = [sys.executable, "-m", "course.cli", "aws", "ledger", "--state", str(aws.state), "--json", "--free-tier"]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert found["lessons"]["m99_1"] == pytest.approx(0.4 * 10 / 30.5, rel=0.1)
    assert found["free_tier"]["applied"] is True


def test_a_lesson_without_a_name_is_refused(aws):
    for marker, lesson in (("abc", "m99_1"), ("abcd", ""), ("x" * 101, "m99_1")):
        with pytest.raises(Exception, match="characters"):
            aws.handle.belongs(marker, lesson)
