"""Trails: their records, the checks of names and destinations, event selectors and tags."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.localaws.cloudtrail.trail_fixtures import ACCOUNT, SERVICE, TrailFixtures
from tests.localaws.iam.callers import document
from tests.localaws.refusals import refused

BUCKET = "kept-trails"


@pytest.fixture(scope="module")
def trail(aws: TrailFixtures) -> str:
    """The ARN of a trail that does not log."""
    aws.bucket(BUCKET)
    return aws.cloudtrail.create_trail(Name="kept", S3BucketName=BUCKET, IsMultiRegionTrail=True, TagsList=[{"Key": "a", "Value": "1"}])[
        "TrailARN"
    ]


def code_of(call: Callable[[], object]) -> str:
    return refused(call)[0]


def test_a_trail_is_shown_in_its_region_and_as_a_shadow_in_others(aws: TrailFixtures, trail: str) -> None:
    expected = {
        "Name": "kept",
        "S3BucketName": BUCKET,
        "IncludeGlobalServiceEvents": True,
        "IsMultiRegionTrail": True,
        "HomeRegion": "us-east-1",
        "TrailARN": trail,
        "LogFileValidationEnabled": False,
        "HasCustomEventSelectors": False,
        "HasInsightSelectors": False,
        "IsOrganizationTrail": False,
    }
    there = aws.client("cloudtrail", region_name="eu-west-1")
    assert aws.cloudtrail.get_trail(Name="kept")["Trail"] == expected == there.get_trail(Name=trail)["Trail"]
    assert expected in there.describe_trails()["trailList"]
    assert expected not in there.describe_trails(includeShadowTrails=False)["trailList"]
    assert {"TrailARN": trail, "Name": "kept", "HomeRegion": "us-east-1"} in there.list_trails()["Trails"]
    assert aws.cloudtrail.get_trail_status(Name="kept")["IsLogging"] is False
    assert code_of(lambda: there.start_logging(Name=trail)) == "InvalidHomeRegionException"


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("ab", "too short"),
        ("a" * 129, "too long"),
        ("-abc", "starts with a letter"),
        ("abc-", "ends with a letter"),
        ("a b c", "can only contain"),
        ("my-_namespace", "adjacent"),
        ("192.168.5.4", "IP address"),
    ],
)
def test_a_name_that_cannot_be_one_is_refused(aws: TrailFixtures, trail: str, name: str, part: str) -> None:
    code, message = refused(aws.cloudtrail.create_trail, Name=name, S3BucketName=BUCKET)
    assert code == "InvalidTrailNameException" and part in message


def test_a_trail_needs_a_bucket_whose_policy_lets_it_write(aws: TrailFixtures, trail: str) -> None:
    create = aws.cloudtrail.create_trail
    assert code_of(lambda: create(Name="new", S3BucketName="no-such-bucket")) == "S3BucketDoesNotExistException"
    aws.s3.create_bucket(Bucket="kept-without-policy")
    assert code_of(lambda: create(Name="new", S3BucketName="kept-without-policy")) == "InsufficientS3BucketPolicyException"
    assert code_of(lambda: create(Name="new", S3BucketName=BUCKET, S3KeyPrefix="other")) == "InsufficientS3BucketPolicyException"
    aws.bucket("kept-for-one", **{"aws:SourceArn": f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/one"})
    assert code_of(lambda: create(Name="two", S3BucketName="kept-for-one")) == "InsufficientS3BucketPolicyException"
    assert create(Name="one", S3BucketName="kept-for-one")["S3BucketName"] == "kept-for-one"
    aws.cloudtrail.delete_trail(Name="one")
    assert code_of(lambda: aws.cloudtrail.get_trail(Name="one")) == "TrailNotFoundException"


def test_other_wrong_settings_are_refused(aws: TrailFixtures, trail: str) -> None:
    def create(**settings):
        return lambda: aws.cloudtrail.create_trail(**{"Name": "new", "S3BucketName": BUCKET, **settings})

    role = f"arn:aws:iam::{ACCOUNT}:role/SageMakerRole"
    group = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:none:*"
    assert code_of(create(Name="kept")) == "TrailAlreadyExistsException"
    assert code_of(create(IsMultiRegionTrail=True, IncludeGlobalServiceEvents=False)) == "InvalidParameterCombinationException"
    assert code_of(create(IsOrganizationTrail=True)) == "OrganizationsNotInUseException"
    assert code_of(create(S3KeyPrefix="x" * 201)) == "InvalidS3PrefixException"
    assert code_of(create(KmsKeyId="a key")) == "InvalidKmsKeyIdException"
    assert code_of(create(SnsTopicName="none")) == "InsufficientSnsTopicPolicyException"
    assert code_of(create(CloudWatchLogsLogGroupArn=group)) == "InvalidCloudWatchLogsRoleArnException"
    assert code_of(create(CloudWatchLogsLogGroupArn=group, CloudWatchLogsRoleArn=role)) == "InvalidCloudWatchLogsRoleArnException"


@pytest.mark.parametrize(
    ("topic", "code"),
    [
        (f"arn:aws:sns:us-east-1:{ACCOUNT}:closed", "InsufficientSnsTopicPolicyException"),
        ("arn:aws:sns:us-east-1:210987654321:closed", "InsufficientSnsTopicPolicyException"),
        (f"arn:aws:sns:mars-north-1:{ACCOUNT}:closed", "InsufficientSnsTopicPolicyException"),
        ("arn:aws:sns", "InvalidSnsTopicNameException"),
        ("not a name", "InvalidSnsTopicNameException"),
    ],
)
def test_a_topic_that_trails_may_not_use_is_refused(aws: TrailFixtures, trail: str, topic: str, code: str) -> None:
    aws.client("sns").create_topic(Name="closed")
    assert code_of(lambda: aws.cloudtrail.create_trail(Name="new", S3BucketName=BUCKET, SnsTopicName=topic)) == code


def test_a_topic_of_another_region_is_found_by_its_arn(aws: TrailFixtures, trail: str) -> None:
    sns = aws.client("sns", region_name="eu-west-1")
    topic = sns.create_topic(Name="open")["TopicArn"]
    allowed = {"Effect": "Allow", "Principal": SERVICE, "Action": "SNS:Publish", "Resource": topic}
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=document(allowed))
    assert aws.cloudtrail.create_trail(Name="topic-abroad", S3BucketName=BUCKET, SnsTopicName=topic)["SnsTopicARN"] == topic
    aws.cloudtrail.delete_trail(Name="topic-abroad")


def test_a_region_has_five_trails_at_most(aws: TrailFixtures, trail: str) -> None:
    there = aws.client("cloudtrail", region_name="eu-north-1")
    for number in range(5):
        there.create_trail(Name=f"trail-{number}", S3BucketName=BUCKET)
    assert code_of(lambda: there.create_trail(Name="trail-5", S3BucketName=BUCKET)) == "MaximumNumberOfTrailsExceededException"


def test_tags_are_added_and_removed(aws: TrailFixtures, trail: str) -> None:
    aws.cloudtrail.add_tags(ResourceId=trail, TagsList=[{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "3"}])
    aws.cloudtrail.remove_tags(ResourceId=trail, TagsList=[{"Key": "b"}])
    [found] = aws.cloudtrail.list_tags(ResourceIdList=[trail])["ResourceTagList"]
    assert found == {"ResourceId": trail, "TagsList": [{"Key": "a", "Value": "3"}]}
    assert code_of(lambda: aws.cloudtrail.list_tags(ResourceIdList=[f"{trail}-none"])) == "ResourceNotFoundException"


def test_event_selectors_are_kept_complete(aws: TrailFixtures, trail: str) -> None:
    default = {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": [], "ExcludeManagementEventSources": []}
    assert aws.cloudtrail.get_event_selectors(TrailName="kept")["EventSelectors"] == [default]
    given = {"ReadWriteType": "WriteOnly", "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::b/"]}]}
    aws.cloudtrail.put_event_selectors(TrailName="kept", EventSelectors=[given])
    assert aws.cloudtrail.get_event_selectors(TrailName=trail)["EventSelectors"] == [default | given]
    advanced = [{"Name": "d", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}]
    aws.cloudtrail.put_event_selectors(TrailName="kept", AdvancedEventSelectors=advanced)
    found = aws.cloudtrail.get_event_selectors(TrailName="kept")
    assert (found.get("EventSelectors"), found["AdvancedEventSelectors"]) == (None, advanced)
    assert aws.cloudtrail.get_trail(Name="kept")["Trail"]["HasCustomEventSelectors"] is True


CATEGORY = {"Field": "eventCategory", "Equals": ["Data"]}
S3_TYPE = {"Field": "resources.type", "Equals": ["AWS::S3::Object"]}
WRONG = {
    "both": {"EventSelectors": [{}], "AdvancedEventSelectors": [{"FieldSelectors": [CATEGORY, S3_TYPE]}]},
    "six selectors": {"EventSelectors": [{}] * 6},
    "unknown type": {"EventSelectors": [{"DataResources": [{"Type": "AWS::SQS::Queue", "Values": ["arn:aws:sqs"]}]}]},
    "value of another service": {"EventSelectors": [{"DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:lambda"]}]}]},
    "excluded source": {"EventSelectors": [{"ExcludeManagementEventSources": ["s3.amazonaws.com"]}]},
    "251 resources": {"EventSelectors": [{"DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::b/"] * 251}]}]},
    "no category": {"AdvancedEventSelectors": [{"FieldSelectors": [S3_TYPE]}]},
    "data without type": {"AdvancedEventSelectors": [{"FieldSelectors": [CATEGORY]}]},
    "unknown field": {"AdvancedEventSelectors": [{"FieldSelectors": [CATEGORY, S3_TYPE, {"Field": "awsRegion", "Equals": ["x"]}]}]},
    "not readOnly": {"AdvancedEventSelectors": [{"FieldSelectors": [CATEGORY, S3_TYPE, {"Field": "readOnly", "NotEquals": ["true"]}]}]},
}


@pytest.mark.parametrize("params", WRONG.values(), ids=WRONG)
def test_selectors_that_aws_refuses_are_refused(aws: TrailFixtures, trail: str, params: dict) -> None:
    assert code_of(lambda: aws.cloudtrail.put_event_selectors(TrailName="kept", **params)) == "InvalidEventSelectorsException"


def test_what_no_account_here_has_says_so(aws: TrailFixtures, trail: str) -> None:
    assert code_of(lambda: aws.cloudtrail.get_insight_selectors(TrailName="kept")) == "InsightNotEnabledException"
    insights = [{"InsightType": "ApiCallRateInsight"}]
    assert code_of(lambda: aws.cloudtrail.put_insight_selectors(TrailName="kept", InsightSelectors=insights)) == "NotSupportedByLocalAws"
    assert code_of(lambda: aws.cloudtrail.create_event_data_store(Name="lake")) == "NotSupportedByLocalAws"
    assert aws.cloudtrail.lookup_events(EventCategory="insight")["Events"] == []
    network = [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["NetworkActivity"]}]}]
    assert code_of(lambda: aws.cloudtrail.put_event_selectors(TrailName="kept", AdvancedEventSelectors=network)) == "NotSupportedByLocalAws"


def test_a_setting_is_updated_and_another_one_stays(aws: TrailFixtures, trail: str) -> None:
    allowed = {"Effect": "Allow", "Principal": SERVICE}
    acl = {**allowed, "Action": "s3:GetBucketAcl", "Resource": f"arn:aws:s3:::{BUCKET}"}
    any_folder = {**allowed, "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"}
    aws.s3.put_bucket_policy(Bucket=BUCKET, Policy=document(acl, any_folder))
    aws.cloudtrail.update_trail(Name="kept", S3KeyPrefix="here", EnableLogFileValidation=True)
    found = aws.cloudtrail.get_trail(Name="kept")["Trail"]
    assert (found["S3KeyPrefix"], found["LogFileValidationEnabled"], found["IsMultiRegionTrail"]) == ("here", True, True)
    aws.cloudtrail.update_trail(Name="kept", S3KeyPrefix="")
    assert "S3KeyPrefix" not in aws.cloudtrail.get_trail(Name="kept")["Trail"]
