"""UpdateFeatureMetadata and DescribeFeatureMetadata."""

from __future__ import annotations

import pytest

from tests.localaws.sagemaker.feature_store.group_fixtures import Groups

OWNER, UNIT = {"Key": "owner", "Value": "weather team"}, {"Key": "unit", "Value": "m/s"}


@pytest.fixture(scope="module")
def group(groups: Groups) -> str:
    return groups.create()


def described(groups: Groups, group: str, feature: str) -> dict:
    found = groups.sagemaker.describe_feature_metadata(FeatureGroupName=group, FeatureName=feature)
    del found["ResponseMetadata"]
    return found


def update(groups: Groups, group: str, feature: str, **changes: object) -> dict:
    groups.sagemaker.update_feature_metadata(FeatureGroupName=group, FeatureName=feature, **changes)
    return described(groups, group, feature)


def test_a_new_feature_has_no_metadata(groups: Groups, group: str) -> None:
    about = groups.describe(group)
    assert described(groups, about["FeatureGroupArn"], "at") == {
        "FeatureGroupArn": about["FeatureGroupArn"],
        "FeatureGroupName": group,
        "FeatureName": "at",
        "FeatureType": "Fractional",
        "CreationTime": about["CreationTime"],
        "LastModifiedTime": about["CreationTime"],
    }


def test_description_and_parameters_change(groups: Groups, group: str) -> None:
    found = update(groups, group, "Wind-speed", Description="Mean of an hour", ParameterAdditions=[OWNER, UNIT])
    assert (found["Description"], found["Parameters"]) == ("Mean of an hour", [OWNER, UNIT])
    assert found["LastModifiedTime"] > found["CreationTime"]
    knots = UNIT | {"Value": "kn"}
    found = update(groups, group, "Wind-speed", ParameterAdditions=[knots], ParameterRemovals=["owner", "nothing"])
    assert (found["Description"], found["Parameters"]) == ("Mean of an hour", [knots])
    assert update(groups, group, "Wind-speed", Description="")["Description"] == ""
    assert "LastModifiedTime" not in groups.describe(group)
    assert "Description" not in described(groups, group, "origin")


def test_an_added_feature_has_its_own_time(groups: Groups) -> None:
    name = groups.create()
    groups.update(name, FeatureAdditions=[{"FeatureName": "gust", "FeatureType": "Fractional"}])
    assert described(groups, name, "gust")["CreationTime"] > groups.describe(name)["CreationTime"]


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "needs Description, ParameterAdditions or ParameterRemovals"),
        ({"ParameterAdditions": [{"Key": "unit"}]}, "needs a Key and a Value"),
        ({"ParameterAdditions": [UNIT, UNIT]}, "must be unique within a request: unit"),
        ({"ParameterAdditions": [UNIT], "ParameterRemovals": ["unit"]}, "must be unique within a request: unit"),
        ({"Description": "x" * 256}, "255"),
    ],
)
def test_refused(groups: Groups, group: str, refused, changes: dict, text: str) -> None:
    with refused("ValidationException") as error:
        update(groups, group, "at", **changes)
    assert text in str(error.value)


def test_at_most_25_parameters(groups: Groups, group: str, refused) -> None:
    update(groups, group, "at", ParameterAdditions=[{"Key": f"key-{number}", "Value": "1"} for number in range(25)])
    update(groups, group, "at", ParameterAdditions=[{"Key": "key-1", "Value": "2"}])
    with refused("ValidationException") as error:
        update(groups, group, "at", ParameterAdditions=[UNIT])
    assert "at most 25 parameters" in str(error.value)


def test_what_is_not_there(groups: Groups, group: str, refused) -> None:
    for name, feature in ((group, "nothing"), ("nothing", "at")):
        with refused("ResourceNotFound"):
            update(groups, name, feature, Description="text")
        with refused("ResourceNotFound"):
            described(groups, name, feature)
