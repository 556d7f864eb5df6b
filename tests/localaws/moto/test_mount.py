"""moto's services over HTTP: what they perform, what they refuse, and what they must not do."""

from __future__ import annotations

import json
import sqlite3
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from tests.localaws.moto.restartable_aws import RestartableAws

ACCOUNT = "123456789012"


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    aws = RestartableAws(tmp_path_factory.mktemp("moto") / "state")
    yield aws
    aws.stop()


def error_of(call, *args, **kwargs) -> dict:
    with pytest.raises(ClientError) as raised:
        call(*args, **kwargs)
    return {**raised.value.response["Error"], "Status": raised.value.response["ResponseMetadata"]["HTTPStatusCode"]}


def journaled(aws: RestartableAws) -> int:
    aws("iam").list_roles()  # the first roles are in the journal
    with sqlite3.connect(aws.state / "journal.db") as connection:
        return connection.execute("SELECT count(*) FROM entries").fetchone()[0]


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "named"),
    [
        ("compute-optimizer", "get_enrollment_status", {}, "compute-optimizer:GetEnrollmentStatus"),  # a service that moto does not have
        ("kms", "describe_custom_key_stores", {}, "kms:DescribeCustomKeyStores"),  # JSON
        ("iam", "get_service_last_accessed_details", {"JobId": "a" * 36}, "iam:GetServiceLastAccessedDetails"),  # query
        ("ec2", "describe_byoip_cidrs", {"MaxResults": 5}, "ec2:DescribeByoipCidrs"),  # ec2
        ("lambda", "get_account_settings", {}, "lambda:GetAccountSettings"),  # REST, no such route in moto
        ("accessanalyzer", "list_analyzers", {}, "access-analyzer:ListAnalyzers"),  # a service whose signing name is not botocore's
        ("s3files", "list_file_systems", {}, "s3files:"),  # moto mistakes its host for S3's
    ],
)
def test_what_moto_does_not_have_is_refused_at_once_in_the_callers_protocol(aws, service, operation, parameters, named):
    error = error_of(getattr(aws(service), operation), **parameters)
    assert (error["Code"], error["Status"]) == ("NotSupportedByLocalAws", 400)
    assert error["Message"].startswith(named)


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "why"),
    [
        ("stepfunctions", "start_execution", {"stateMachineArn": f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:m"}, "not run here"),
        ("comprehend", "detect_sentiment", {"Text": "I love it", "LanguageCode": "en"}, "no model behind it"),
        ("bedrock-runtime", "invoke_model", {"modelId": "m", "body": b"{}"}, "no model behind it"),
        ("redshift-data", "execute_statement", {"Sql": "SELECT 42", "Database": "d"}, "two fixed rows"),
        ("ce", "get_approximate_usage_records", {"Granularity": "MONTHLY", "ApproximationDimension": "SERVICE"}, "empty bill"),
        ("timestream-query", "query", {"QueryString": "SELECT 1"}, "no query engine behind it"),
    ],
)
def test_what_moto_only_pretends_is_refused_with_the_reason(aws, service, operation, parameters, why):
    before = journaled(aws)
    error = error_of(getattr(aws(service), operation), **parameters)
    assert error["Code"] == "NotSupportedByLocalAws"
    assert why in error["Message"]
    assert journaled(aws) == before


def test_a_record_that_nothing_acts_on_says_so(aws):
    answer = aws("guardduty").create_detector(Enable=True)
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-local-aws"] == "record"
    real = aws("sqs").create_queue(QueueName="real")
    assert "x-local-aws" not in real["ResponseMetadata"]["HTTPHeaders"]


def test_a_crash_of_moto_is_a_readable_internal_failure(aws):
    error = error_of(aws("ecs").describe_capacity_providers)
    assert (error["Code"], error["Status"]) == ("InternalFailure", 500)
    assert "ecs:DescribeCapacityProviders" in error["Message"]


def test_a_template_with_a_resource_that_would_be_skipped_creates_nothing(aws):
    for kind in ("AWS::SageMaker::Pipeline", "AWS::Lambda::Function", "AWS::Omics::Workflow", "Custom::Thing"):
        template = json.dumps({"Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "made"}}, "X": {"Type": kind}}})
        error = error_of(aws("cloudformation").create_stack, StackName="skipping", TemplateBody=template)
        assert error["Code"] == "NotSupportedByLocalAws"
        assert kind in error["Message"]
        assert "made" not in str(aws("sqs").list_queues().get("QueueUrls", ""))


def test_motos_own_controls_cannot_be_reached(aws):
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(f"{aws.handle.endpoint}/moto-api/data.json")  # unsigned
    signed = aws("backup")
    signed.meta.events.register("before-sign", lambda request, **_: setattr(request, "url", f"{aws.handle.endpoint}/moto-api/data.json"))
    assert error_of(signed.list_backup_plans)["Code"] == "NotSupportedByLocalAws"


@pytest.mark.parametrize("path", ["plain", "with space, ä ü", "per%20cent", "plus+and&amp", "question?mark=1"])
def test_odd_paths_arrive_as_they_were_sent(aws, path):
    store = aws("mediastore-data")
    store.put_object(Path=path, Body=path.encode())
    assert store.get_object(Path=path)["Body"].read().decode() == path
    assert path in [item["Name"] for item in store.list_items()["Items"]]


@pytest.mark.nightly  # restarts a local AWS
def test_a_large_binary_body_survives_a_restart(aws):
    body = bytes(range(256)) * 4096 * 24  # 24 MiB
    glacier = aws("glacier")
    glacier.create_vault(vaultName="large")
    archive = glacier.upload_archive(vaultName="large", body=body)["archiveId"]
    job = glacier.initiate_job(vaultName="large", jobParameters={"Type": "archive-retrieval", "ArchiveId": archive})["jobId"]
    aws.restart()
    aws.handle.advance(60)
    assert aws("glacier").get_job_output(vaultName="large", jobId=job)["body"].read() == body


def test_a_long_poll_blocks_no_other_request_and_ends_when_a_message_arrives(aws):
    sqs = aws("sqs")
    url = sqs.create_queue(QueueName="poll")["QueueUrl"]
    before = journaled(aws)
    with ThreadPoolExecutor(1) as pool:
        polling = pool.submit(aws("sqs").receive_message, QueueUrl=url, WaitTimeSeconds=20)
        for _ in range(5):
            sqs.get_queue_attributes(QueueUrl=url)
        assert journaled(aws) == before  # a poll without a result changes nothing
        assert not polling.done()
        sqs.send_message(QueueUrl=url, MessageBody="at last")
        assert polling.result(timeout=20)["Messages"][0]["Body"] == "at last"


def test_a_poll_without_a_message_ends_after_its_time(aws):
    url = aws("sqs").create_queue(QueueName="empty", Attributes={"ReceiveMessageWaitTimeSeconds": "1"})["QueueUrl"]
    assert "Messages" not in aws("sqs").receive_message(QueueUrl=url)


def test_time_in_the_services_is_the_clock_of_the_local_aws(aws):
    url = aws("sqs").create_queue(QueueName="delayed")["QueueUrl"]
    aws("sqs").send_message(QueueUrl=url, MessageBody="later", DelaySeconds=600)
    assert "Messages" not in aws("sqs").receive_message(QueueUrl=url)
    aws.handle.advance(601)
    assert aws("sqs").receive_message(QueueUrl=url)["Messages"][0]["Body"] == "later"


def test_clients_in_many_threads_lose_nothing(aws):
    dynamodb = aws("dynamodb")
    dynamodb.create_table(
        TableName="counter",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    barrier = threading.Barrier(4)

    def count(_: int) -> None:
        barrier.wait()
        for _ in range(20):
            dynamodb.update_item(
                TableName="counter",
                Key={"id": {"S": "n"}},
                UpdateExpression="ADD n :one",
                ExpressionAttributeValues={":one": {"N": "1"}},
            )

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count, range(4)))
    assert dynamodb.get_item(TableName="counter", Key={"id": {"S": "n"}})["Item"]["n"]["N"] == "80"


def test_firehose_delivers_into_the_s3_that_clients_see(aws):
    s3 = aws("s3")
    s3.create_bucket(Bucket="delivered")
    role = f"arn:aws:iam::{ACCOUNT}:role/SageMakerRole"
    destination = {"RoleARN": role, "BucketARN": "arn:aws:s3:::delivered"}
    aws("firehose").create_delivery_stream(DeliveryStreamName="f", ExtendedS3DestinationConfiguration=destination)
    aws("firehose").put_record(DeliveryStreamName="f", Record={"Data": b"one"})
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket="delivered")["Contents"]]
    assert [s3.get_object(Bucket="delivered", Key=key)["Body"].read() for key in keys] == [b"one"]
    aws.restart()
    assert [entry["Key"] for entry in aws("s3").list_objects_v2(Bucket="delivered")["Contents"]] == keys  # not delivered twice


@pytest.mark.nightly  # restarts a local AWS
def test_cloudformation_reads_its_template_from_that_s3_and_still_has_it_when_the_object_is_gone(aws):
    template = {"Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "of-template"}}}}
    aws("s3").create_bucket(Bucket="templates")
    aws("s3").put_object(Bucket="templates", Key="t.json", Body=json.dumps(template).encode())
    aws("cloudformation").create_stack(StackName="from-s3", TemplateURL="https://templates.s3.amazonaws.com/t.json")
    aws("s3").delete_object(Bucket="templates", Key="t.json")
    aws.restart()
    resources = aws("cloudformation").describe_stack_resources(StackName="from-s3")["StackResources"]
    assert [resource["ResourceType"] for resource in resources] == ["AWS::SQS::Queue"]


def test_reset_forgets_everything_but_the_roles_of_a_new_account(aws):
    aws("sqs").create_queue(QueueName="forgotten")
    aws("iam").create_user(UserName="forgotten")
    aws.handle.reset()
    assert "QueueUrls" not in aws("sqs").list_queues()
    assert aws("iam").list_users()["Users"] == []
    assert [role["RoleName"] for role in aws("iam").list_roles()["Roles"]] == ["Administrator", "SageMakerRole"]
