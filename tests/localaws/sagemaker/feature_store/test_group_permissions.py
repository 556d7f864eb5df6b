"""What policies say about feature groups: their ARN, tags, and condition keys of the Service Authorization Reference."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.localaws.boto_clients import session_with_keys
from tests.localaws.sagemaker.feature_store.group_fixtures import ROLE, Groups, allow

GROUP = "arn:aws:sagemaker:us-east-1:123456789012:feature-group/{}"
RECORD = [{"FeatureName": "origin", "ValueAsString": "JFK"}, {"FeatureName": "at", "ValueAsString": "1400000000"}]


def caller(groups: Groups, *statements: dict) -> Callable[[str], Any]:
    """Clients of a new role with this policy: ``caller(...)("sagemaker")``."""
    name = groups.role(*statements).rpartition("/")[2]
    keys = groups.handle.issue(f"arn:aws:sts::123456789012:assumed-role/{name}/tests")
    session = session_with_keys(keys.principal.access_key, keys.secret, keys.token)
    config = Config(retries={"total_max_attempts": 1}, inject_host_prefix=False)
    return lambda service: session.client(service, endpoint_url=groups.handle.endpoint, config=config)


def allowed(call: Callable[..., object], **params: object) -> bool:
    """Whether policies allow a call; another refusal than theirs counts as allowed."""
    try:
        call(**params)
    except ClientError as error:
        return error.response["Error"]["Code"] not in ("AccessDeniedException", "AccessDenied")
    return True


@pytest.fixture(scope="module")
def two(groups: Groups) -> tuple[str, str]:
    """Two groups with records; the first has the tag ``team=forecast``."""
    names = groups.create(Tags=[{"Key": "team", "Value": "forecast"}], OnlineStoreConfig=V2), groups.create(OnlineStoreConfig=V2)
    for name in names:
        groups.put(name, origin="JFK", at=1.4e9)
    return names


V2 = {"EnableOnlineStore": True, "StorageType": "Standard_V2"}


def test_records_of_one_group(groups: Groups, two: tuple[str, str]) -> None:
    ours, theirs = two
    reader = caller(groups, allow("sagemaker:GetRecord", "sagemaker:DescribeFeatureGroup", resource=GROUP.format(ours.lower())))
    runtime, sagemaker = reader("sagemaker-featurestore-runtime"), reader("sagemaker")
    assert allowed(runtime.get_record, FeatureGroupName=ours, RecordIdentifierValueAsString="JFK")
    assert allowed(runtime.get_record, FeatureGroupName=GROUP.format(ours.lower()), RecordIdentifierValueAsString="JFK")
    assert not allowed(runtime.get_record, FeatureGroupName=theirs, RecordIdentifierValueAsString="JFK")
    assert not allowed(runtime.put_record, FeatureGroupName=ours, Record=RECORD)
    assert not allowed(runtime.list_records, FeatureGroupName=ours)
    assert allowed(sagemaker.describe_feature_group, FeatureGroupName=ours)
    assert not allowed(sagemaker.describe_feature_group, FeatureGroupName=theirs)
    assert not allowed(sagemaker.update_feature_metadata, FeatureGroupName=ours, FeatureName="at", Description="text")


def test_groups_by_their_tags(groups: Groups, two: tuple[str, str]) -> None:
    ours, theirs = two
    tagged = {"StringEquals": {"aws:ResourceTag/team": "forecast"}}
    runtime = caller(groups, allow("sagemaker:GetRecord", condition=tagged))("sagemaker-featurestore-runtime")
    assert allowed(runtime.get_record, FeatureGroupName=ours, RecordIdentifierValueAsString="JFK")
    assert not allowed(runtime.get_record, FeatureGroupName=theirs, RecordIdentifierValueAsString="JFK")


def test_update_record_is_a_put_record(groups: Groups, two: tuple[str, str]) -> None:
    condition = {"Bool": {"sagemaker:IsUpdateRecord": "true"}, "ForAllValues:StringEquals": {"sagemaker:UpdatableFeatures": ["Wind-speed"]}}
    updater = caller(groups, allow("sagemaker:PutRecord", "sagemaker:BatchWriteRecord", condition=condition))
    runtime = updater("sagemaker-featurestore-runtime")
    params = {"FeatureGroupName": two[0], "RecordIdentifierValueAsString": "JFK"}
    assert allowed(runtime.update_record, **params, Features=[{"FeatureName": "Wind-speed", "ValueAsString": "3.5"}])
    assert not allowed(runtime.update_record, **params, Features=[{"FeatureName": "at", "ValueAsString": "1400000001"}])
    assert not allowed(runtime.put_record, FeatureGroupName=two[0], Record=RECORD)


def test_full_writes_without_updates(groups: Groups, two: tuple[str, str]) -> None:
    condition = {"BoolIfExists": {"sagemaker:IsUpdateRecord": "false"}}
    entries = [{"FeatureGroupName": two[0], "Record": RECORD}]
    both = caller(groups, allow("sagemaker:PutRecord", condition=condition), allow("sagemaker:BatchWriteRecord"))
    runtime = both("sagemaker-featurestore-runtime")
    assert allowed(runtime.put_record, FeatureGroupName=two[0], Record=RECORD)
    assert allowed(runtime.batch_write_record, Entries=entries)
    update = {"RecordIdentifierValueAsString": "JFK", "Features": [{"FeatureName": "Wind-speed", "ValueAsString": "3.5"}]}
    assert not allowed(runtime.update_record, FeatureGroupName=two[0], **update)
    only_batches = caller(groups, allow("sagemaker:BatchWriteRecord"))("sagemaker-featurestore-runtime")
    assert not allowed(only_batches.batch_write_record, Entries=entries)


def test_creating_needs_the_role_and_the_tags(groups: Groups) -> None:
    create = allow("sagemaker:CreateFeatureGroup")
    tags = [{"Key": "team", "Value": "forecast"}]
    without = caller(groups, create)("sagemaker")
    assert not allowed(without.create_feature_group, **groups.request())
    passing = caller(groups, create, allow("iam:PassRole", resource=ROLE))("sagemaker")
    assert allowed(passing.create_feature_group, **groups.request())
    assert not allowed(passing.create_feature_group, **groups.request(Tags=tags))
    tagging = caller(groups, create, allow("iam:PassRole", "sagemaker:AddTags"))("sagemaker")
    assert allowed(tagging.create_feature_group, **groups.request(Tags=tags))


def test_conditions_on_the_stores(groups: Groups) -> None:
    online = {"Bool": {"sagemaker:FeatureGroupEnableOnlineStore": "true"}}
    there = {"StringLike": {"sagemaker:FeatureGroupOfflineStoreS3Uri": f"s3://{groups.bucket}/*"}}
    passing = allow("iam:PassRole")
    onliner = caller(groups, passing, allow("sagemaker:CreateFeatureGroup", condition=online))("sagemaker")
    assert allowed(onliner.create_feature_group, **groups.request())
    assert not allowed(onliner.create_feature_group, **groups.request(OnlineStoreConfig=None, OfflineStoreConfig=groups.offline))
    offliner = caller(groups, passing, allow("sagemaker:CreateFeatureGroup", condition=there))("sagemaker")
    assert allowed(offliner.create_feature_group, **groups.request(OfflineStoreConfig=groups.offline))
    assert not allowed(offliner.create_feature_group, **groups.request())


def test_the_request_log_names_the_group(groups: Groups, two: tuple[str, str]) -> None:
    arn = groups.describe(two[0])["FeatureGroupArn"]
    groups.sagemaker.describe_feature_group(FeatureGroupName=arn)
    groups.sagemaker.describe_feature_metadata(FeatureGroupName=arn, FeatureName="at")
    resources = [event["resource"] for event in groups.handle.events() if event["operation"].startswith("DescribeFeature")]
    assert resources[-2:] == [f"feature-group/{two[0].lower()}"] * 2
