"""Events that the local AWS itself sends: those of S3 buckets. SageMaker's and CloudWatch's are tested beside what sends them."""

from __future__ import annotations

import pytest

from tests.localaws.events.events_fixtures import ACCOUNT, EventsFixtures


@pytest.fixture
def bucket(aws: EventsFixtures) -> str:
    name = aws.name("events-bucket")
    aws.client("s3").create_bucket(Bucket=name)
    return name


def listen(aws: EventsFixtures, bucket: str) -> str:
    arn, url = aws.queue()
    aws.rule({"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket]}}}, {"Arn": arn})
    return url


def test_a_bucket_sends_events_only_while_its_configuration_says_so(aws: EventsFixtures, bucket: str) -> None:
    s3, url = aws.client("s3"), listen(aws, bucket)
    s3.put_object(Bucket=bucket, Key="quiet", Body=b"x")
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}})
    answer = s3.put_object(Bucket=bucket, Key="months/2013-06.csv", Body=b"hello")
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    s3.put_object(Bucket=bucket, Key="quiet", Body=b"x")
    aws.settled()
    [event] = aws.bodies(url)
    detail = event["detail"]
    assert (event["source"], event["detail-type"], event["account"]) == ("aws.s3", "Object Created", ACCOUNT)
    assert event["resources"] == [f"arn:aws:s3:::{bucket}"]
    assert detail["object"].pop("sequencer")
    assert detail == {
        "version": "0",
        "bucket": {"name": bucket},
        "object": {"key": "months/2013-06.csv", "size": 5, "etag": answer["ETag"].strip('"')},
        "request-id": answer["ResponseMetadata"]["RequestId"],
        "requester": ACCOUNT,
        "source-ip-address": "127.0.0.1",
        "reason": "PutObject",
    }


def test_every_way_to_change_an_object(aws: EventsFixtures, bucket: str) -> None:
    s3, url = aws.client("s3"), listen(aws, bucket)
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}})
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    s3.copy_object(Bucket=bucket, Key="b", CopySource=f"{bucket}/a")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="c")["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="c", UploadId=upload, PartNumber=1, Body=b"part")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(Bucket=bucket, Key="c", UploadId=upload, MultipartUpload=parts)
    s3.put_object_tagging(Bucket=bucket, Key="a", Tagging={"TagSet": [{"Key": "k", "Value": "v"}]})
    s3.delete_object_tagging(Bucket=bucket, Key="a")
    s3.delete_object(Bucket=bucket, Key="a")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "b"}]})
    marker = s3.list_object_versions(Bucket=bucket, Prefix="b")["DeleteMarkers"][0]["VersionId"]
    s3.delete_object(Bucket=bucket, Key="b", VersionId=marker)
    events = aws.bodies(url, 8)
    found = [(event["detail-type"], event["detail"]["object"]["key"], event["detail"].get("reason")) for event in events]
    assert found == [
        ("Object Created", "a", "PutObject"),
        ("Object Created", "b", "CopyObject"),
        ("Object Created", "c", "CompleteMultipartUpload"),
        ("Object Tags Added", "a", None),
        ("Object Tags Deleted", "a", None),
        ("Object Deleted", "a", "DeleteObject"),
        ("Object Deleted", "b", "DeleteObject"),
        ("Object Deleted", "b", "DeleteObject"),
    ]
    deletions = [event["detail"].get("deletion-type") for event in events[-3:]]
    assert deletions == ["Permanently Deleted", "Delete Marker Created", "Permanently Deleted"]
    sequencers = [event["detail"]["object"]["sequencer"] for event in events if "sequencer" in event["detail"]["object"]]
    assert sequencers == sorted(sequencers)
    assert events[-1]["detail"]["object"]["version-id"] == marker
