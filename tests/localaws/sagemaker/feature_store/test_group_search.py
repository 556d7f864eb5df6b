"""Search over feature groups and features, with the expressions of the developer guide; tags, events and lineage of groups."""

from __future__ import annotations

import json

import pytest

from tests.localaws.sagemaker.feature_store.group_fixtures import FEATURES, Groups
from tests.localaws.subscribed_queues import queue_for_rules


@pytest.fixture(scope="module")
def stem(groups: Groups) -> str:
    """What the names of this module's groups begin with: two groups, one tagged and described."""
    stem = groups.name()
    groups.create(
        FeatureGroupName=f"{stem}-verona",
        Description="Weather of Verona",
        Tags=[{"Key": "team", "Value": "forecast"}],
        OfflineStoreConfig=groups.offline,
    )
    groups.create(FeatureGroupName=f"{stem}-paris")
    features = {"Wind-speed": {"org": "Sagebrush"}, "at": {"healthy": "yes"}}
    for feature, parameters in features.items():
        groups.sagemaker.update_feature_metadata(
            FeatureGroupName=f"{stem}-verona",
            FeatureName=feature,
            Description=f"The {feature}",
            ParameterAdditions=[{"Key": key, "Value": value} for key, value in parameters.items()],
        )
    return stem


def condition(name: str, operator: str, value: str | None = None) -> dict:
    return {"Name": name, "Operator": operator} | ({} if value is None else {"Value": value})


def searched(groups: Groups, resource: str, *filters: dict, operator: str = "And", **params: object) -> list[dict]:
    expression = {"Filters": [*filters], "Operator": operator}
    pages = groups.sagemaker.get_paginator("search").paginate(Resource=resource, SearchExpression=expression, **params)
    return [result[resource] for page in pages for result in page["Results"]]


def in_module(stem: str) -> dict:
    return condition("FeatureGroupName", "Contains", stem)


class TestFeatures:
    def found(self, groups: Groups, stem: str, *filters: dict, **params: object) -> list[tuple[str, str]]:
        records = searched(groups, "FeatureMetadata", *filters, **params)
        return sorted((each["FeatureGroupName"].removeprefix(f"{stem}-"), each["FeatureName"]) for each in records)

    def test_all_features_of_a_group(self, groups: Groups, stem: str) -> None:
        found = self.found(groups, stem, condition("FeatureGroupName", "Equals", f"{stem}-paris"))
        assert found == [("paris", name) for name in sorted(feature["FeatureName"] for feature in FEATURES)]

    def test_name_and_any_parameter(self, groups: Groups, stem: str) -> None:
        wind, hea = condition("FeatureName", "Contains", "Wind"), condition("AllParameters", "Contains", "hea")
        assert self.found(groups, stem, in_module(stem), wind, hea) == []
        either = self.found(groups, stem, condition("FeatureGroupName", "Equals", f"{stem}-x"), wind, hea, operator="Or")
        assert ("verona", "Wind-speed") in either and ("verona", "at") in either and ("verona", "origin") not in either

    def test_one_parameter(self, groups: Groups, stem: str) -> None:
        assert self.found(groups, stem, in_module(stem), condition("Parameters.org", "Contains", "Sage")) == [("verona", "Wind-speed")]
        assert self.found(groups, stem, in_module(stem), condition("Parameters.healthy", "Exists")) == [("verona", "at")]
        assert self.found(groups, stem, in_module(stem), condition("AllParameters", "Equals", "org")) == [("verona", "Wind-speed")]

    def test_type_description_and_time(self, groups: Groups, stem: str) -> None:
        assert len(self.found(groups, stem, in_module(stem), condition("FeatureType", "Equals", "Fractional"))) == 4
        assert self.found(groups, stem, in_module(stem), condition("Description", "Equals", "The at")) == [("verona", "at")]
        changed = groups.sagemaker.describe_feature_metadata(FeatureGroupName=f"{stem}-verona", FeatureName="at")["LastModifiedTime"]
        late = condition("LastModifiedTime", "GreaterThanOrEqualTo", changed.isoformat())
        assert ("verona", "at") in self.found(groups, stem, in_module(stem), late)

    def test_pages_show_each_feature_once(self, groups: Groups, stem: str) -> None:
        params = {"SortBy": "FeatureName", "SortOrder": "Ascending", "PaginationConfig": {"PageSize": 1}}
        records = searched(groups, "FeatureMetadata", in_module(stem), **params)
        assert [each["FeatureName"] for each in records] == ["Wind-speed"] * 2 + ["at"] * 2 + ["origin"] * 2
        assert len({each["FeatureGroupArn"] for each in records}) == 2

    def test_a_record_is_the_answer_of_describe(self, groups: Groups, stem: str) -> None:
        named = condition("FeatureGroupName", "Equals", f"{stem}-verona")
        [record] = searched(groups, "FeatureMetadata", named, condition("FeatureName", "Equals", "at"))
        described = groups.sagemaker.describe_feature_metadata(FeatureGroupName=f"{stem}-verona", FeatureName="at")
        del described["ResponseMetadata"]
        assert record == described


class TestGroups:
    def found(self, groups: Groups, stem: str, *filters: dict, **params: object) -> list[str]:
        records = searched(groups, "FeatureGroup", in_module(stem), *filters, **params)
        return [each["FeatureGroupName"].removeprefix(f"{stem}-") for each in records]

    def test_by_properties(self, groups: Groups, stem: str) -> None:
        assert self.found(groups, stem) == ["paris", "verona"]  # the last one first
        assert self.found(groups, stem, SortBy="FeatureGroupName", SortOrder="Ascending") == ["paris", "verona"]
        assert self.found(groups, stem, condition("Tags.team", "Equals", "forecast")) == ["verona"]
        assert self.found(groups, stem, condition("AllTags", "Contains", "fore")) == ["verona"]
        assert self.found(groups, stem, condition("Tags.team", "NotExists")) == ["paris"]
        assert self.found(groups, stem, condition("OfflineStoreStatus.Status", "Equals", "Active")) == ["verona"]
        assert self.found(groups, stem, condition("OnlineStoreConfig.EnableOnlineStore", "Equals", "true"), SortBy="CreationTime") == [
            "paris",
            "verona",
        ]
        assert self.found(groups, stem, condition("FeatureDefinitions.FeatureName", "Equals", "Wind-speed"), SortBy="CreationTime")
        assert self.found(groups, stem, condition("RecordIdentifierFeatureName", "Equals", "carrier")) == []

    def test_a_record(self, groups: Groups, stem: str) -> None:
        [record] = searched(groups, "FeatureGroup", condition("FeatureGroupName", "Equals", f"{stem}-verona"))
        described = groups.describe(f"{stem}-verona")
        for member in ("ResponseMetadata", "NextToken", "OnlineStoreTotalSizeBytes", "ThroughputConfig"):
            del described[member]
        assert record == described | {"Tags": [{"Key": "team", "Value": "forecast"}]}


def test_tags_change(groups: Groups, stem: str) -> None:
    arn = groups.describe(f"{stem}-paris")["FeatureGroupArn"]
    groups.sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "city", "Value": "Paris"}, {"Key": "old", "Value": "1"}])
    groups.sagemaker.delete_tags(ResourceArn=arn, TagKeys=["old"])
    assert groups.sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "city", "Value": "Paris"}]


def test_lineage_contexts_stay_after_the_group(groups: Groups) -> None:
    name = groups.create()
    about = groups.describe(name)
    stem = f"{name}-{int(about['CreationTime'].timestamp())}"
    groups.delete(name)
    for suffix in ("", "-feature-group-pipeline", "-feature-group-pipeline-version"):
        context = groups.sagemaker.describe_context(ContextName=f"{stem}{suffix}")
        assert context["Source"]["SourceUri"] == about["FeatureGroupArn"]


def test_changes_of_status_are_events(groups: Groups) -> None:
    sqs, events = groups.client("sqs"), groups.client("events")
    queue, target = queue_for_rules(sqs, groups.name())
    rule = groups.name()
    events.put_rule(Name=rule, EventPattern=json.dumps({"detail-type": ["SageMaker Feature Group State Change"]}))
    events.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": target}])
    try:
        name = groups.create(Tags=[{"Key": "team", "Value": "forecast"}], OfflineStoreConfig=groups.offline)
        arn = groups.describe(name)["FeatureGroupArn"]
        groups.delete(name)
        found: list[dict] = []

        def complete() -> bool:
            messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
            found.extend(event for message in messages if (event := json.loads(message["Body"]))["resources"] == [arn])
            return len(found) >= 3

        groups.until(complete)
    finally:
        events.remove_targets(Rule=rule, Ids=["queue"])
        events.delete_rule(Name=rule)
    assert sorted(event["detail"]["FeatureGroupStatus"] for event in found) == ["Created", "Creating", "Deleting"]
    detail = next(event["detail"] for event in found if event["detail"]["FeatureGroupStatus"] == "Created")
    assert detail["Tags"] == {"team": "forecast"}
    assert detail["FeatureDefinitions"] == FEATURES
    assert isinstance(detail["CreationTime"], int) and not [member for member in detail if member.startswith("_")]
