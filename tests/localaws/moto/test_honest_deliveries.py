"""What moto would pretend to deliver: mails that nobody confirmed, dead servers, and streams that convert or process records."""

from __future__ import annotations

import json
import socket

import pytest

from course.localaws.server import launch
from tests.localaws.boto_clients import client_factory
from tests.localaws.refusals import refused

ROLE = "arn:aws:iam::123456789012:role/SageMakerRole"
STORE = {"RoleARN": ROLE, "BucketARN": "arn:aws:s3:::anything"}
SOURCE = {"KinesisStreamARN": "arn:aws:kinesis:us-east-1:123456789012:stream/clicks", "RoleARN": ROLE}


@pytest.fixture
def topic(local_aws: launch.Handle, request: pytest.FixtureRequest) -> str:
    return client_factory(local_aws)("sns").create_topic(Name=request.node.name.partition("[")[0])["TopicArn"]


def test_a_mail_that_nobody_confirmed_has_no_arn(local_aws: launch.Handle, topic: str) -> None:
    sns = client_factory(local_aws)("sns")
    mail = {"TopicArn": topic, "Protocol": "email", "Endpoint": "ops@example.com"}
    assert sns.subscribe(**mail)["SubscriptionArn"] == "pending confirmation"
    arn = sns.subscribe(**mail, ReturnSubscriptionArn=True)["SubscriptionArn"]
    assert arn.startswith(f"{topic}:")
    assert sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]["PendingConfirmation"] == "true"
    [shown] = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert shown["SubscriptionArn"] == "PendingConfirmation" and shown["Endpoint"] == "ops@example.com"
    assert shown in sns.list_subscriptions()["Subscriptions"]


def test_a_dead_server_fails_no_publish(local_aws: launch.Handle, topic: str) -> None:
    sns = client_factory(local_aws)("sns")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    arn = sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=f"http://127.0.0.1:{port}/dead")["SubscriptionArn"]
    assert arn.startswith(topic) and sns.publish(TopicArn=topic, Message="m")["MessageId"]


def allowing(queue: str, principal: str | dict, *sources: str) -> dict:
    """A policy that lets a principal send for topics."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": "SQS:SendMessage", "Resource": queue}
    return {"Version": "2012-10-17", "Statement": [statement | {"Condition": {"ArnLike": {"aws:SourceArn": list(sources)}}}]}


@pytest.mark.parametrize("raw", ["true", "false"])
def test_a_queue_takes_messages_from_topics_that_its_policy_names(local_aws: launch.Handle, topic: str, raw: str) -> None:
    # Source: "Subscribing an Amazon SQS queue to an Amazon SNS topic" (Amazon SNS Developer Guide). AWS's console and CDK write
    # {"Service": "sns.amazonaws.com"}, older guides "*" and {"AWS": "*"}.
    client = client_factory(local_aws)
    sns, sqs = client("sns"), client("sqs")
    queue = sqs.create_queue(QueueName=f"{topic.rpartition(':')[2]}-{raw}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": raw})
    service = {"Service": "sns.amazonaws.com"}
    policies = {
        "no policy": None,
        "another topic": allowing(arn, service, f"{topic}-other"),
        "another service": allowing(arn, {"Service": "events.amazonaws.com"}, topic),
        "the account": allowing(arn, {"AWS": "123456789012"}, topic),
        "the topic": allowing(arn, service, f"{topic}-other", topic),
        "everybody": allowing(arn, "*", topic),
        "all of AWS": allowing(arn, {"AWS": "*"}, topic),
    }
    for name, policy in policies.items():
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(policy) if policy else ""})
        assert sns.publish(TopicArn=topic, Message=name)["MessageId"]  # a publisher does not see what is not delivered
    texts = [each["Body"] for each in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]]
    assert {text if raw == "true" else json.loads(text)["Message"] for text in texts} == {"the topic", "everybody", "all of AWS"}


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"DeliveryStreamType": "KinesisStreamAsSource", "KinesisStreamSourceConfiguration": SOURCE}, "a stream of Kinesis"),
        ({"ExtendedS3DestinationConfiguration": STORE | {"DataFormatConversionConfiguration": {"Enabled": True}}}, "conversion of records"),
        (
            {
                "ExtendedS3DestinationConfiguration": STORE
                | {"ProcessingConfiguration": {"Enabled": True, "Processors": [{"Type": "Lambda"}]}}
            },
            "processing of records",
        ),
        ({"ExtendedS3DestinationConfiguration": STORE | {"DynamicPartitioningConfiguration": {"Enabled": True}}}, "dynamic partitioning"),
    ],
)
def test_a_stream_that_would_not_do_what_it_says(local_aws: launch.Handle, members: dict, words: str) -> None:
    firehose = client_factory(local_aws)("firehose")
    given = {"ExtendedS3DestinationConfiguration": STORE} | members
    code, message = refused(firehose.create_delivery_stream, DeliveryStreamName="pretends", **given)
    assert code == "NotSupportedByLocalAws" and words in message
    assert "pretends" not in firehose.list_delivery_streams()["DeliveryStreamNames"]


def test_a_plain_stream_may_say_that_it_processes_nothing(local_aws: launch.Handle) -> None:
    firehose = client_factory(local_aws)("firehose")
    plain = STORE | {"ProcessingConfiguration": {"Enabled": False}}
    firehose.create_delivery_stream(DeliveryStreamName="plain", ExtendedS3DestinationConfiguration=plain)
    update = {"DeliveryStreamName": "plain", "CurrentDeliveryStreamVersionId": "1", "DestinationId": "destinationId-000000000001"}
    converted = {"DataFormatConversionConfiguration": {"Enabled": True}}
    code, _ = refused(firehose.update_destination, **update, ExtendedS3DestinationUpdate=converted)
    assert code == "NotSupportedByLocalAws"
    firehose.delete_delivery_stream(DeliveryStreamName="plain")
