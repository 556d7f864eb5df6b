"""EventBridge hears of jobs: a rule of the account sends what changed to a queue."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.localaws.sagemaker.job_fixtures import BUCKET, ROLE, JobFixtures
from tests.localaws.sagemaker.training.test_training import SAVE
from tests.localaws.subscribed_queues import queue_for_rules


class Queue:
    """An SQS queue that a rule of EventBridge fills."""

    def __init__(self, aws: JobFixtures, pattern: dict) -> None:
        self.aws, self.name = aws, aws.name("jobs")
        self._sqs, self._events = aws.client("sqs"), aws.client("events")
        self._url, arn = queue_for_rules(self._sqs, self.name)
        self._events.put_rule(Name=self.name, EventPattern=json.dumps(pattern))
        self._events.put_targets(Rule=self.name, Targets=[{"Id": "queue", "Arn": arn}])
        self._got: list[dict] = []

    def events(self) -> list[dict]:
        """All that came so far, in its order."""
        while messages := self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10).get("Messages", []):
            for message in messages:
                self._got.append(json.loads(message["Body"]))
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return self._got

    def close(self) -> None:
        self._events.remove_targets(Rule=self.name, Ids=["queue"])
        self._events.delete_rule(Name=self.name)


@pytest.fixture
def queue(aws: JobFixtures) -> Iterator[Queue]:
    made = Queue(aws, {"source": ["aws.sagemaker"]})
    yield made
    made.close()


def test_every_step_of_a_training_job_is_an_event(aws: JobFixtures, queue: Queue) -> None:
    name = aws.script(SAVE, {"depth": "3"}, Tags=[{"Key": "team", "Value": "delays"}])
    job = aws.trained(name)
    events = aws.until(queue.events, lambda events: len(events) >= 5)
    assert [event["detail"]["SecondaryStatus"] for event in events] == ["Starting", "Downloading", "Training", "Uploading", "Completed"]
    last = events[-1]
    assert last["detail-type"] == "SageMaker Training Job State Change" and last["source"] == "aws.sagemaker"
    assert last["resources"] == [job["TrainingJobArn"]] and (last["account"], last["region"]) == ("123456789012", "us-east-1")
    detail = last["detail"]
    assert (detail["TrainingJobName"], detail["TrainingJobStatus"]) == (name, "Completed")
    assert detail["HyperParameters"]["depth"] == "3" and detail["RoleArn"] == ROLE and detail["Tags"] == {"team": "delays"}
    assert detail["TrainingEndTime"] == round(job["TrainingEndTime"].timestamp() * 1000)
    ended = job["SecondaryStatusTransitions"][-1]["EndTime"]
    assert detail["SecondaryStatusTransitions"][-1]["EndTime"] == round(ended.timestamp() * 1000)
    assert not [member for member in detail if member.startswith("_")]


def test_a_rule_receives_only_events_that_match(aws: JobFixtures) -> None:
    pattern = {"detail-type": ["SageMaker Processing Job State Change"], "detail": {"ProcessingJobStatus": ["Failed"]}}
    failures = Queue(aws, pattern)
    aws.processed(aws.process("print('well')"))
    name = aws.process("raise SystemExit(3)")
    job = aws.processed(name)
    [event] = aws.until(failures.events)
    assert event["detail"]["ProcessingJobName"] == name and event["detail"]["FailureReason"] == job["FailureReason"]
    failures.close()


def test_a_stop_ends_the_job(aws: JobFixtures, queue: Queue) -> None:
    name = aws.script("import time; time.sleep(600)")
    aws.until(lambda: aws.sagemaker.describe_training_job(TrainingJobName=name)["SecondaryStatus"] == "Training")
    aws.sagemaker.stop_training_job(TrainingJobName=name)
    aws.trained(name)
    events = aws.until(queue.events, lambda events: events and events[-1]["detail"]["TrainingJobStatus"] == "Stopped")
    assert "Stopping" in [event["detail"]["TrainingJobStatus"] for event in events]


def test_a_jobs_model_is_an_event_of_its_bucket(aws: JobFixtures) -> None:
    aws.s3.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration={"EventBridgeConfiguration": {}})
    pattern = {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": {"object": {"key": [{"suffix": "/model.tar.gz"}]}}}
    models = Queue(aws, pattern)
    job = aws.trained(aws.script(SAVE))
    [event] = aws.until(models.events)
    assert job["ModelArtifacts"]["S3ModelArtifacts"] == f"s3://{BUCKET}/{event['detail']['object']['key']}"
    aws.s3.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration={})
    models.close()
