"""The tags of each kind of resource count for what it costs, from when they were put."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.localaws import athena_queries
from tests.localaws.awslambda import programs
from tests.localaws.billing.ledgers import GIGABYTE, HOUR, months
from tests.localaws.moto.restartable_aws import RestartableAws

STANDARD, TIER1 = 0.023, 0.000005  # dollars of a gigabyte-month in S3, and of a request


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestartableAws]:
    aws = RestartableAws(tmp_path_factory.mktemp("tags") / "state")
    yield aws
    aws.stop()


@pytest.fixture(autouse=True)
def _empty(aws: RestartableAws) -> None:
    aws.handle.reset()


def tagged(aws: RestartableAws) -> dict[str, float]:
    """What the tag ``team`` cost, by its value."""
    return aws.handle.ledger()["tags"].get("team", {})


def tag_set(value: str) -> list[dict]:
    return [{"Key": "team", "Value": value}]


def test_a_buckets_tags_count_for_its_storage_and_requests_while_it_has_them(aws):
    s3, size = aws("s3"), 3_000_000
    s3.create_bucket(Bucket="lake")
    s3.put_object(Bucket="lake", Key="a", Body=bytes(size))
    aws.handle.advance(10 * HOUR)
    s3.put_bucket_tagging(Bucket="lake", Tagging={"TagSet": tag_set("ops")})
    begin = aws.handle.advance(0)
    end = aws.handle.advance(10 * HOUR)
    s3.delete_bucket_tagging(Bucket="lake")
    aws.handle.advance(10 * HOUR)
    expected = size / GIGABYTE * months(begin, end) * STANDARD + TIER1
    assert tagged(aws) == {"ops": pytest.approx(expected, rel=1e-3)}


def test_a_later_bucket_of_the_same_name_has_its_own_tags(aws):
    s3 = aws("s3")
    s3.create_bucket(Bucket="lake", CreateBucketConfiguration={"Tags": tag_set("first")})
    aws.handle.advance(2 * HOUR)
    s3.delete_bucket(Bucket="lake")
    s3.create_bucket(Bucket="lake")
    s3.put_object(Bucket="lake", Key="a", Body=b"x")
    aws.handle.advance(2 * HOUR)
    assert tagged(aws) == {"first": pytest.approx(TIER1)}


def test_a_log_group_has_tags(aws):
    logs = aws("logs")
    for name, more in (("born", {"tags": {"team": "born"}}), ("later", {})):
        logs.create_log_group(logGroupName=name, **more)
        logs.create_log_stream(logGroupName=name, logStreamName="s")
    [group] = logs.describe_log_groups(logGroupNamePrefix="later")["logGroups"]
    logs.tag_resource(resourceArn=group["logGroupArn"], tags={"team": "later"})
    now = int(aws.handle.advance(0) * 1000)
    for name in ("born", "later"):
        logs.put_log_events(logGroupName=name, logStreamName="s", logEvents=[{"timestamp": now, "message": "x" * 100_000}])
    assert tagged(aws).keys() == {"born", "later"}
    aws.handle.advance(HOUR)
    for name in ("born", "later"):
        logs.untag_log_group(logGroupName=name, tags=["team"])
    before = tagged(aws)
    aws.handle.advance(2 * HOUR)
    logs.put_log_events(logGroupName="born", logStreamName="s", logEvents=[{"timestamp": now + 2 * 3600 * 1000, "message": "y" * 100_000}])
    assert tagged(aws)["born"] == pytest.approx(before["born"], rel=1e-3)


def test_a_function_has_tags(aws):
    programs.make_role(aws)
    programs.create(aws, "tagged", "def handler(event, context): return 1", Tags={"team": "born"})
    programs.invoke(aws, "tagged")
    arn = aws("lambda").get_function(FunctionName="tagged")["Configuration"]["FunctionArn"]
    aws.handle.advance(HOUR)
    aws("lambda").tag_resource(Resource=arn, Tags={"team": "later"})
    programs.invoke(aws, "tagged")
    aws.handle.advance(HOUR)
    aws("lambda").untag_resource(Resource=arn, TagKeys=["team"])
    programs.invoke(aws, "tagged")
    found = tagged(aws)
    assert found.keys() == {"born", "later"} and all(found.values())


def test_queues_topics_keys_and_secrets_have_tags(aws):
    queue = aws("sqs").create_queue(QueueName="jobs", tags={"team": "queue"})["QueueUrl"]
    aws("sqs").send_message(QueueUrl=queue, MessageBody="x")
    topic = aws("sns").create_topic(Name="news", Tags=tag_set("topic"))["TopicArn"]
    aws("sns").publish(TopicArn=topic, Message="x")
    aws("kms").create_key(Tags=[{"TagKey": "team", "TagValue": "key"}])
    aws("secretsmanager").create_secret(Name="s", SecretString="s", Tags=tag_set("secret"))
    aws.handle.advance(HOUR)
    found = tagged(aws)
    assert found.keys() == {"queue", "topic", "key", "secret"}
    assert found["queue"] == pytest.approx(2 * 0.0000004)


def test_a_workgroup_of_athena_has_tags(aws):
    aws("s3").create_bucket(Bucket="lake")
    aws("s3").put_object(Bucket="lake", Key="t/a.csv", Body=b"1\n")
    aws("athena").create_work_group(Name="analysts", Tags=tag_set("analysts"))
    for text in ("CREATE EXTERNAL TABLE t (n int) LOCATION 's3://lake/t/'", "SELECT * FROM t"):
        found = athena_queries.run(aws("athena"), text, "s3://lake/results/", WorkGroup="analysts")
        assert found["Status"]["State"] == "SUCCEEDED", found["Status"]
    assert tagged(aws).keys() == {"analysts"}


def test_a_feature_group_has_tags(aws):
    features = [{"FeatureName": name, "FeatureType": "String"} for name in ("id", "at")]
    arn = aws("sagemaker").create_feature_group(
        FeatureGroupName="flights",
        RecordIdentifierFeatureName="id",
        EventTimeFeatureName="at",
        FeatureDefinitions=features,
        OnlineStoreConfig={"EnableOnlineStore": True},
        Tags=tag_set("born"),
    )["FeatureGroupArn"]
    aws.handle.advance(60)
    record = [{"FeatureName": "id", "ValueAsString": "1"}, {"FeatureName": "at", "ValueAsString": "2026-01-01T00:00:00Z"}]
    aws("sagemaker-featurestore-runtime").put_record(FeatureGroupName="flights", Record=record)
    aws.handle.advance(HOUR)
    aws("sagemaker").add_tags(ResourceArn=arn, Tags=tag_set("later"))
    aws("sagemaker-featurestore-runtime").put_record(FeatureGroupName="flights", Record=record)
    assert tagged(aws).keys() == {"born", "later"}
