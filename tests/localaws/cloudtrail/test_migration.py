"""The trails of an earlier release, which moto kept, are taken over with their selectors and tags, and then deliver."""

from __future__ import annotations

import pytest

from course.localaws.moto.journal import JournalEntry
from tests.localaws.cloudtrail.trail_fixtures import TrailFixtures
from tests.localaws.moto import earlier_release
from tests.localaws.moto.restartable_aws import RestartableAws

TARGET = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101"
ADVANCED = [{"Name": "all", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}]


def request(region: str, operation: str, params: dict, *recording: bytes) -> JournalEntry:
    """A request to moto's CloudTrail."""
    return earlier_release.request("cloudtrail", f"{TARGET}.{operation}", params, region, recording)


def test_trails_of_an_earlier_release_are_taken_over(tmp_path_factory: pytest.TempPathFactory) -> None:
    aws = RestartableAws(tmp_path_factory.mktemp("old-trails") / "state")
    try:
        TrailFixtures(aws.handle).bucket("old-trail")
        aws("iam").list_users()  # moto has its journal
        aws.stop()
        settings = {"S3BucketName": "old-trail", "IsMultiRegionTrail": True, "TagsList": [{"Key": "a", "Value": "1"}]}
        earlier_release.journal(
            aws.state,
            request("us-east-1", "CreateTrail", {"Name": "old-one", **settings}, b"+"),
            request("us-east-1", "StartLogging", {"Name": "old-one"}),
            request("eu-west-1", "CreateTrail", {"Name": "old-two", "S3BucketName": "old-trail"}, b"+"),
            request("eu-west-1", "PutEventSelectors", {"TrailName": "old-two", "AdvancedEventSelectors": ADVANCED}),
        )
        for path in aws.state.glob("cloudtrail.db*"):
            path.unlink()
        aws = RestartableAws(aws.state)
        found = TrailFixtures(aws.handle)
        trails = {trail["Name"]: trail for trail in found.cloudtrail.describe_trails()["trailList"]}
        assert trails["old-one"]["IsMultiRegionTrail"] and trails.keys() == {"old-one"}
        [tags] = found.cloudtrail.list_tags(ResourceIdList=[trails["old-one"]["TrailARN"]])["ResourceTagList"]
        assert tags["TagsList"] == [{"Key": "a", "Value": "1"}]
        there = found.client("cloudtrail", region_name="eu-west-1")
        assert there.get_event_selectors(TrailName="old-two")["AdvancedEventSelectors"] == ADVANCED
        found.client("iam").create_user(UserName="after-the-migration")
        found.pass_minutes(5)
        assert "CreateUser" in found.names("old-trail")
        found.cloudtrail.delete_trail(Name="old-one")
        aws.restart()
        assert [trail["Name"] for trail in TrailFixtures(aws.handle).cloudtrail.list_trails()["Trails"]] == ["old-two"]
    finally:
        aws.stop()
