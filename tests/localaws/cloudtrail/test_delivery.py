"""What trails deliver: log files on the clock, digest files that can be validated, notifications, log groups, and what a kill leaves."""

from __future__ import annotations

import gzip
import json
import re
from datetime import datetime
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature

from tests.localaws import athena_queries
from tests.localaws.cloudtrail.trail_fixtures import ACCOUNT, SERVICE, TrailFixtures, bucket_policy
from tests.localaws.iam.callers import allow, document
from tests.localaws.moto.restartable_aws import RestartableAws
from tests.localaws.subscribed_queues import subscribe


def test_log_files_have_the_names_and_the_events_of_their_regions(aws: TrailFixtures) -> None:
    bucket = aws.bucket("delivered", "pre")
    aws.begin_interval()
    aws.logging("delivered", bucket, S3KeyPrefix="pre", IsMultiRegionTrail=True)
    aws.client("sqs", region_name="eu-west-1").create_queue(QueueName="delivered")
    aws.client("iam", region_name="eu-west-1").create_user(UserName="delivered")
    aws.s3.list_buckets()
    assert aws.keys(bucket) == []
    aws.pass_minutes(5)
    name = r"pre/AWSLogs/\d{12}/CloudTrail/([a-z0-9-]+)/(\d{4}/\d\d/\d\d)/\d{12}_CloudTrail_([a-z0-9-]+)_(\d{8}T\d{4}Z)_\w{16}\.json\.gz"
    found = [re.fullmatch(name, key) for key in aws.keys(bucket)]
    assert [match[1] for match in found] == [match[3] for match in found] == ["eu-west-1", "us-east-1"]
    assert all(datetime.strptime(match[4], "%Y%m%dT%H%MZ").minute % 5 == 0 for match in found)
    assert aws.names(bucket, "/eu-west-1/") == ["CreateQueue"]
    assert aws.names(bucket, "/us-east-1/") == ["StartLogging", "CreateUser", "ListBuckets"]
    aws.cloudtrail.delete_trail(Name="delivered")


def test_nothing_is_delivered_twice_and_no_file_is_empty(aws: TrailFixtures) -> None:
    bucket = aws.bucket("delivered-once")
    aws.logging("once", bucket)
    aws.pass_minutes(60)
    assert len(aws.keys(bucket)) == 1
    aws.client("iam").create_user(UserName="delivered-once")
    aws.pass_minutes(60)
    names = aws.names(bucket)
    assert (names.count("StartLogging"), names.count("CreateUser"), len(aws.keys(bucket))) == (1, 1, 2)
    status = aws.cloudtrail.get_trail_status(Name="once")
    assert status["IsLogging"] and status["LatestDeliveryTime"] > status["StartLoggingTime"] and "LatestDeliveryError" not in status
    aws.cloudtrail.delete_trail(Name="once")


def test_the_last_event_of_a_trail_is_stop_logging(aws: TrailFixtures) -> None:
    bucket = aws.bucket("delivered-stop")
    aws.logging("stopped", bucket, EnableLogFileValidation=True)
    aws.cloudtrail.stop_logging(Name="stopped")
    aws.client("iam").create_user(UserName="delivered-late")
    aws.pass_minutes(5)
    assert aws.names(bucket) == ["StartLogging", "StopLogging"]
    assert len(aws.keys(bucket, "CloudTrail-Digest")) == 1
    aws.pass_minutes(180)
    assert len(aws.keys(bucket, "CloudTrail-Digest")) == 1
    aws.cloudtrail.delete_trail(Name="stopped")


def test_digest_files_are_signed_and_chained(aws: TrailFixtures) -> None:
    bucket = aws.bucket("delivered-digests")
    aws.logging("digests", bucket, EnableLogFileValidation=True, IsMultiRegionTrail=True)
    aws.client("sqs", region_name="eu-west-1").create_queue(QueueName="delivered-digests")
    for _ in range(3):
        aws.pass_minutes(61)
    aws.cloudtrail.update_trail(Name="digests", EnableLogFileValidation=False)
    aws.pass_minutes(120)
    for region in ("us-east-1", "eu-west-1"):
        keys = aws.keys(bucket, f"/CloudTrail-Digest/{region}/")
        digests = [aws.validate(bucket, key) for key in keys]
        assert [digest["previousDigestS3Object"] for digest in digests] == [None, *keys[:-1]]
        assert [digest["digestEndTime"] for digest in digests[:-1]] == [digest["digestStartTime"] for digest in digests[1:]]
        files = [file["s3Object"] for digest in digests for file in digest["logFiles"]]
        assert files and sorted(files) == [key for key in aws.keys(bucket, f"/CloudTrail/{region}/") if key in files]
        assert keys[0].endswith("Z.json.gz") and f"_CloudTrail-Digest_{region}_digests_us-east-1_" in keys[0]
    assert aws.public_keys("us-east-1").keys() != aws.public_keys("eu-west-1").keys()


def test_a_changed_log_file_and_a_changed_digest_are_found(aws: TrailFixtures) -> None:
    bucket = aws.bucket("delivered-changed")
    aws.logging("changed", bucket, EnableLogFileValidation=True)
    aws.pass_minutes(61)
    [key], [digest] = aws.keys(bucket), aws.keys(bucket, "CloudTrail-Digest")
    aws.validate(bucket, digest)
    aws.s3.put_object(Bucket=bucket, Key=key, Body=aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    aws.validate(bucket, digest)  # the same content
    aws.s3.put_object(Bucket=bucket, Key=key, Body=gzip.compress(aws.text(bucket, key).replace(b"StartLogging", b"StartNothing")))
    with pytest.raises(AssertionError):
        aws.validate(bucket, digest)
    head = aws.s3.head_object(Bucket=bucket, Key=digest)["Metadata"]
    body = gzip.compress(aws.text(bucket, digest).replace(b'"awsAccountId":"1', b'"awsAccountId":"2'))
    aws.s3.put_object(Bucket=bucket, Key=digest, Body=body, Metadata=head)
    with pytest.raises(InvalidSignature):
        aws.validate(bucket, digest)
    aws.cloudtrail.delete_trail(Name="changed")


def test_files_that_a_bucket_refused_are_delivered_when_it_accepts_them_again(aws: TrailFixtures) -> None:
    bucket = aws.bucket("delivered-refused")
    aws.logging("refused", bucket)
    policy = aws.s3.get_bucket_policy(Bucket=bucket)["Policy"]
    aws.s3.delete_bucket_policy(Bucket=bucket)
    aws.pass_minutes(5)
    assert aws.cloudtrail.get_trail_status(Name="refused")["LatestDeliveryError"] == "AccessDenied"
    aws.s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    aws.pass_minutes(5)
    assert "LatestDeliveryError" not in aws.cloudtrail.get_trail_status(Name="refused")
    assert aws.names(bucket)[0] == "StartLogging"
    aws.cloudtrail.delete_trail(Name="refused")


def test_the_last_files_of_a_stopped_trail_are_tried_again(aws: TrailFixtures) -> None:
    bucket = aws.bucket("delivered-last")
    aws.logging("last", bucket, EnableLogFileValidation=True)
    policy = aws.s3.get_bucket_policy(Bucket=bucket)["Policy"]
    aws.s3.delete_bucket_policy(Bucket=bucket)
    aws.cloudtrail.stop_logging(Name="last")
    aws.client("iam").create_user(UserName="delivered-after-the-last")
    aws.pass_minutes(10)
    assert aws.cloudtrail.get_trail_status(Name="last")["LatestDeliveryError"] == "AccessDenied"
    aws.s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    aws.pass_minutes(65)
    assert aws.names(bucket) == ["StartLogging", "GetBucketPolicy", "DeleteBucketPolicy", "StopLogging"]
    [digest] = aws.keys(bucket, "CloudTrail-Digest")
    assert len(aws.validate(bucket, digest)["logFiles"]) == 1
    assert "LatestDeliveryError" not in aws.cloudtrail.get_trail_status(Name="last")
    aws.cloudtrail.delete_trail(Name="last")


def test_selectors_decide_what_is_delivered(aws: TrailFixtures) -> None:
    bucket = aws.bucket("delivered-selected")
    aws.logging("selected", bucket)
    fields = [{"Field": "eventCategory", "Equals": ["Management"]}, {"Field": "readOnly", "Equals": ["false"]}]
    data = [
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
        {"Field": "resources.ARN", "StartsWith": ["arn:aws:s3:::delivered-data/in/"]},
        {"Field": "eventName", "NotEquals": ["GetObject", "HeadObject"]},
    ]
    chosen = [{"Name": "writes", "FieldSelectors": fields}, {"Name": "objects", "FieldSelectors": data}]
    aws.cloudtrail.put_event_selectors(TrailName="selected", AdvancedEventSelectors=chosen)
    aws.s3.create_bucket(Bucket="delivered-data")
    for key in ("in/a", "out/a"):
        aws.s3.put_object(Bucket="delivered-data", Key=key, Body=b"1", ContentType="text/csv")
        aws.s3.get_object(Bucket="delivered-data", Key=key)
    aws.s3.list_buckets()
    aws.pass_minutes(5)
    assert aws.names(bucket) == ["StartLogging", "PutEventSelectors", "CreateBucket", "PutObject"]
    record = aws.records(bucket)[-1]
    assert (record["eventCategory"], record["managementEvent"], record["readOnly"]) == ("Data", False, False)
    assert {"bucketName": "delivered-data", "key": "in/a", "Content-Type": "text/csv"}.items() <= record["requestParameters"].items()
    assert record["resources"] == [
        {"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::delivered-data/in/a"},
        {"accountId": ACCOUNT, "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::delivered-data"},
    ]
    assert "PutObject" not in {each["EventName"] for each in aws.cloudtrail.lookup_events()["Events"]}
    aws.cloudtrail.delete_trail(Name="selected")


def test_data_events_of_endpoints_and_feature_groups_are_delivered_on_demand(aws: TrailFixtures) -> None:
    bucket = aws.bucket("delivered-endpoints")
    aws.logging("endpoints", bucket)
    chosen = [
        {
            "FieldSelectors": [
                {"Field": "eventCategory", "Equals": ["Data"]},
                {"Field": "resources.type", "Equals": [f"AWS::SageMaker::{kind}"]},
            ]
        }
        for kind in ("Endpoint", "FeatureGroup")
    ]
    aws.cloudtrail.put_event_selectors(TrailName="endpoints", AdvancedEventSelectors=chosen)
    for call in (
        lambda: aws.client("sagemaker-runtime").invoke_endpoint(EndpointName="none", Body=b"1"),
        lambda: aws.client("sagemaker-featurestore-runtime").get_record(FeatureGroupName="none", RecordIdentifierValueAsString="1"),
    ):
        with pytest.raises(Exception, match="none"):
            call()
    aws.pass_minutes(5)
    found = {record["eventName"]: record for record in aws.records(bucket)}
    assert found.keys() == {"InvokeEndpoint", "GetRecord"}
    assert found["InvokeEndpoint"]["resources"] == [
        {"accountId": ACCOUNT, "type": "AWS::SageMaker::Endpoint", "ARN": f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:endpoint/none"}
    ]
    aws.cloudtrail.delete_trail(Name="endpoints")


def test_files_are_encrypted_under_the_key_of_the_trail_if_its_policy_allows_it(aws: TrailFixtures) -> None:
    kms, bucket = aws.client("kms"), aws.bucket("delivered-encrypted")
    key = kms.create_key()["KeyMetadata"]
    with pytest.raises(aws.cloudtrail.exceptions.KmsKeyNotFoundException):
        aws.cloudtrail.create_trail(Name="encrypted", S3BucketName=bucket, KmsKeyId="alias/none")
    with pytest.raises(aws.cloudtrail.exceptions.InsufficientEncryptionPolicyException):
        aws.cloudtrail.create_trail(Name="encrypted", S3BucketName=bucket, KmsKeyId=key["KeyId"])
    let_trail_encrypt(kms, key["KeyId"], "encrypted")
    kms.create_alias(AliasName="alias/trail", TargetKeyId=key["KeyId"])
    aws.begin_interval()
    aws.logging("encrypted", bucket, KmsKeyId="alias/trail", EnableLogFileValidation=True)
    assert aws.cloudtrail.get_trail(Name="encrypted")["Trail"]["KmsKeyId"] == key["Arn"]
    aws.pass_minutes(61)
    [file], [digest] = aws.keys(bucket), aws.keys(bucket, "CloudTrail-Digest")
    head = aws.s3.head_object(Bucket=bucket, Key=file)
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"], head["ContentEncoding"]) == ("aws:kms", key["Arn"], "gzip")
    aws.validate(bucket, digest)
    kms.disable_key(KeyId=key["KeyId"])
    aws.client("iam").create_user(UserName="delivered-encrypted")
    aws.pass_minutes(5)
    assert aws.cloudtrail.get_trail_status(Name="encrypted")["LatestDeliveryError"]
    aws.cloudtrail.delete_trail(Name="encrypted")


def test_the_key_of_a_trail_is_in_the_region_of_its_bucket(aws: TrailFixtures) -> None:
    aws.s3.create_bucket(Bucket="delivered-abroad", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    aws.s3.put_bucket_policy(Bucket="delivered-abroad", Policy=bucket_policy("delivered-abroad"))
    here, there = aws.client("kms"), aws.client("kms", region_name="eu-west-1")
    near, far = (kms.create_key()["KeyMetadata"]["Arn"] for kms in (here, there))
    let_trail_encrypt(here, near, "abroad")
    let_trail_encrypt(there, far, "abroad")
    with pytest.raises(aws.cloudtrail.exceptions.KmsKeyNotFoundException):
        aws.cloudtrail.create_trail(Name="abroad", S3BucketName="delivered-abroad", KmsKeyId=near)
    aws.logging("abroad", "delivered-abroad", KmsKeyId=far)
    aws.pass_minutes(5)
    [file] = aws.keys("delivered-abroad")
    assert aws.s3.head_object(Bucket="delivered-abroad", Key=file)["SSEKMSKeyId"] == far
    aws.cloudtrail.delete_trail(Name="abroad")


def let_trail_encrypt(kms: Any, key: str, trail: str) -> None:
    """Add AWS's statements for a trail to the policy of a key ("Configure AWS KMS key policies for CloudTrail")."""
    policy = json.loads(kms.get_key_policy(KeyId=key)["Policy"])
    trails = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/"
    condition = {
        "StringEquals": {"aws:SourceArn": f"{trails}{trail}"},
        "StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": f"{trails}*"},
    }
    service = {"Effect": "Allow", "Principal": SERVICE, "Resource": "*"}
    policy["Statement"] += [
        {**service, "Action": "kms:GenerateDataKey*", "Condition": condition},
        {**service, "Action": "kms:DescribeKey"},
    ]
    kms.put_key_policy(KeyId=key, Policy=json.dumps(policy))


def test_a_topic_hears_of_new_files(aws: TrailFixtures) -> None:
    sns, sqs, bucket = aws.client("sns"), aws.client("sqs"), aws.bucket("delivered-told")
    topic, queue = sns.create_topic(Name="told")["TopicArn"], sqs.create_queue(QueueName="told")["QueueUrl"]
    subscribe(sns, sqs, topic, queue, RawMessageDelivery="true")
    allowed = {"Effect": "Allow", "Principal": SERVICE, "Action": "SNS:Publish", "Resource": topic}
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=document(allowed))
    aws.logging("told", bucket, SnsTopicName="told")
    aws.pass_minutes(5)
    [message] = sqs.receive_message(QueueUrl=queue)["Messages"]
    assert json.loads(message["Body"]) == {"s3Bucket": bucket, "s3ObjectKey": aws.keys(bucket)}
    assert aws.cloudtrail.get_trail_status(Name="told")["LatestNotificationTime"]
    aws.cloudtrail.delete_trail(Name="told")


def test_a_log_group_gets_each_event(aws: TrailFixtures) -> None:
    iam, logs, bucket = aws.client("iam"), aws.client("logs"), aws.bucket("delivered-logged")
    logs.create_log_group(logGroupName="trail")
    trust = {"Effect": "Allow", "Principal": SERVICE, "Action": "sts:AssumeRole"}
    role = iam.create_role(RoleName="trail-logs", AssumeRolePolicyDocument=document(trust))
    group = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:trail:*"
    settings = {"CloudWatchLogsLogGroupArn": group, "CloudWatchLogsRoleArn": role["Role"]["Arn"]}
    with pytest.raises(aws.cloudtrail.exceptions.InvalidCloudWatchLogsLogGroupArnException, match="Check the permissions"):
        aws.cloudtrail.create_trail(Name="logged", S3BucketName=bucket, **settings)
    allowed = allow(["logs:CreateLogStream", "logs:PutLogEvents"], f"{group.removesuffix('*')}log-stream:*")
    iam.put_role_policy(RoleName="trail-logs", PolicyName="write", PolicyDocument=document(allowed))
    aws.logging("logged", bucket, **settings)
    aws.pass_minutes(5)
    events = logs.get_log_events(logGroupName="trail", logStreamName=f"{ACCOUNT}_CloudTrail_us-east-1", startFromHead=True)["events"]
    assert [json.loads(event["message"]) for event in events] == aws.records(bucket)
    aws.cloudtrail.delete_trail(Name="logged")


def test_a_trail_goes_on_after_a_kill(tmp_path_factory: pytest.TempPathFactory) -> None:
    aws = RestartableAws(tmp_path_factory.mktemp("killed") / "state")
    try:
        before = TrailFixtures(aws.handle)
        bucket = before.bucket("killed-trail")
        before.logging("killed", bucket, EnableLogFileValidation=True)
        before.handle.events()  # the log is written
        aws.restart()
        after = TrailFixtures(aws.handle)
        after.client("iam").create_user(UserName="after")
        after.pass_minutes(61)
        assert after.names(bucket) == ["StartLogging", "CreateUser"]
        [digest] = after.keys(bucket, "CloudTrail-Digest")
        assert after.validate(bucket, digest)["logFiles"]
    finally:
        aws.stop()


def test_what_services_read_for_a_caller_is_recorded_with_the_service(aws: TrailFixtures) -> None:
    bucket = aws.bucket("delivered-services")
    aws.logging("services", bucket)
    values = ["arn:aws:s3:::delivered-read/in/"]
    selector = {"IncludeManagementEvents": False, "DataResources": [{"Type": "AWS::S3::Object", "Values": values}]}
    aws.cloudtrail.put_event_selectors(TrailName="services", EventSelectors=[selector])
    aws.s3.create_bucket(Bucket="delivered-read")
    aws.s3.put_object(Bucket="delivered-read", Key="in/a.csv", Body=b"1\n")
    athena = aws.client("athena")
    for sql in (
        "CREATE EXTERNAL TABLE t (a int) ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' LOCATION 's3://delivered-read/in/'",
        "SELECT a FROM t",
    ):
        assert athena_queries.run(athena, sql, "s3://delivered-read/out/")["Status"]["State"] == "SUCCEEDED"
    aws.pass_minutes(5)
    put, get = aws.records(bucket)
    assert (put["eventName"], put["sourceIPAddress"], get["eventName"], get["sourceIPAddress"], get["userAgent"]) == (
        *("PutObject", "127.0.0.1", "GetObject"),
        *("athena.amazonaws.com", "athena.amazonaws.com"),
    )
    assert get["userIdentity"] == put["userIdentity"] | {"invokedBy": "athena.amazonaws.com"}
    assert get["requestParameters"] == {"bucketName": "delivered-read", "key": "in/a.csv"}
    aws.cloudtrail.delete_trail(Name="services")


def test_what_a_job_reads_is_recorded_with_its_role(aws: TrailFixtures) -> None:
    bucket = aws.bucket("delivered-jobs")
    aws.logging("jobs", bucket)
    selector = {"DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::sagemaker-read/"]}]}
    aws.cloudtrail.put_event_selectors(TrailName="jobs", EventSelectors=[selector])
    aws.s3.create_bucket(Bucket="sagemaker-read")
    step = {"Name": "stop", "Type": "Fail", "Arguments": {"ErrorMessage": "ended"}}
    definition = json.dumps({"Version": "2020-12-01", "Parameters": [], "Steps": [step]})
    aws.s3.put_object(Bucket="sagemaker-read", Key="definition.json", Body=definition.encode())
    aws.client("sagemaker").create_pipeline(
        PipelineName="recorded",
        PipelineDefinitionS3Location={"Bucket": "sagemaker-read", "ObjectKey": "definition.json"},
        ClientRequestToken="t" * 32,
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/SageMakerRole",
    )
    aws.pass_minutes(5)
    [found] = [record for record in aws.records(bucket) if record["eventName"] == "GetObject"]
    identity = found["userIdentity"]
    assert (identity["type"], identity["invokedBy"], found["sourceIPAddress"]) == (
        *("AssumedRole", "sagemaker.amazonaws.com"),
        "sagemaker.amazonaws.com",
    )
    assert identity["sessionContext"]["sessionIssuer"]["userName"] == "SageMakerRole"
    aws.cloudtrail.delete_trail(Name="jobs")
