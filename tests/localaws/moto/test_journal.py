"""Everything that moto has acknowledged survives `kill -9`, byte for byte."""

from __future__ import annotations

import itertools
import sqlite3
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, HTTPClientError

from course.localaws.server import launch
from tests.localaws.moto.restartable_aws import RestartableAws
from tests.localaws.moto.scenarios import SCENARIOS


def answers(aws: RestartableAws, name: str, made: Any) -> list[dict]:
    """Returns the results of a scenario's reads, without the id and date of the responses."""
    results = SCENARIOS[name][1](aws, made)
    for result in results:
        result.pop("ResponseMetadata", None)
    return results


@pytest.fixture(scope="module")
def aws(tmp_path_factory) -> Iterator[RestartableAws]:
    """A local AWS with a short journal."""
    aws = RestartableAws(tmp_path_factory.mktemp("journal") / "state")
    yield aws
    aws.stop()


@pytest.fixture(scope="module")
def before_and_after(tmp_path_factory) -> Iterator[dict[str, tuple[list[dict], list[dict]]]]:
    """Each scenario's reads before and after one `kill -9`."""
    aws = RestartableAws(tmp_path_factory.mktemp("scenarios") / "state")
    made = {name: make(aws) for name, (make, _) in SCENARIOS.items()}
    aws.handle.advance(300)  # a certificate is issued after a minute
    before = {name: answers(aws, name, made[name]) for name in SCENARIOS}
    aws.restart()
    yield {name: (before[name], answers(aws, name, made[name])) for name in SCENARIOS}
    aws.stop()


@pytest.mark.nightly  # loads half of moto, twice
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_killed_process_comes_back_with_every_answer_the_same(before_and_after, name):
    before, after = before_and_after[name]
    assert before == after


def test_a_request_that_the_journal_could_not_store_changes_nothing(aws):
    sqs = aws("sqs")
    sqs.create_queue(QueueName="kept")
    with sqlite3.connect(aws.state / "journal.db") as journal:
        journal.execute("CREATE TRIGGER full BEFORE INSERT ON entries BEGIN SELECT RAISE(ABORT, 'the disk is full'); END")
    try:
        with pytest.raises(ClientError, match="could not write its journal.*the disk is full") as raised:
            sqs.create_queue(QueueName="lost")
        assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
        assert "lost" not in str(sqs.list_queues())
        assert "kept" in str(sqs.list_queues())
    finally:
        with sqlite3.connect(aws.state / "journal.db") as journal:
            journal.execute("DROP TRIGGER full")
    sqs.create_queue(QueueName="lost")  # there is space again


def test_reading_and_failing_leave_no_line_in_the_journal(aws):
    def lines() -> int:
        with sqlite3.connect(aws.state / "journal.db") as journal:
            return journal.execute("SELECT count(*) FROM entries").fetchone()[0]

    before = lines()
    aws("sqs").list_queues()
    aws("dynamodb").list_tables()
    aws("kms").generate_random(NumberOfBytes=16)
    aws("ec2").describe_instances()
    with pytest.raises(ClientError):
        aws("sqs").get_queue_url(QueueName="nowhere")
    with pytest.raises(ClientError):
        aws("iam").delete_user(UserName="nobody")
    assert lines() == before


def test_chance_differs_from_request_to_request_and_from_process_to_process(aws):
    kms = aws("kms")
    seen = {kms.generate_random(NumberOfBytes=16)["Plaintext"] for _ in range(5)}
    aws.restart()
    seen |= {aws("kms").generate_random(NumberOfBytes=16)["Plaintext"] for _ in range(5)}
    assert len(seen) == 10


def test_the_journal_is_for_its_owner_only(aws):
    assert (aws.state / "journal.db").stat().st_mode & 0o077 == 0


def test_every_acknowledged_request_survives_a_kill_in_the_midst_of_them(aws):
    sqs = aws("sqs")
    enough = threading.Event()
    acknowledged: list[str] = []

    def make_queues() -> None:
        for number in itertools.count():
            try:
                sqs.create_queue(QueueName=f"midst-{number}")
            except (EndpointConnectionError, HTTPClientError):
                return
            acknowledged.append(f"midst-{number}")
            if number == 25:
                enough.set()

    making = threading.Thread(target=make_queues)
    making.start()
    assert enough.wait(60)
    aws.restart()
    making.join(60)
    kept = {url.rpartition("/")[2] for url in aws("sqs").list_queues(QueueNamePrefix="midst-")["QueueUrls"]}
    assert set(acknowledged) <= kept


@pytest.mark.nightly  # a stop waits for the replay
def test_it_can_be_stopped_while_it_replays_and_has_lost_nothing(aws):
    for number in range(50):
        aws("ssm").put_parameter(Name=f"/stopped/{number}", Value="1", Type="String")
    aws.restart()
    aws.stop()
    aws.handle = launch.start(aws.state)
    pages = aws("ssm").get_paginator("get_parameters_by_path").paginate(Path="/stopped")
    assert sum(len(page["Parameters"]) for page in pages) == 50
