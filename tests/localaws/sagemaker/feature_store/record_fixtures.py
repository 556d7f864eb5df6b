"""Helpers for tests of records: groups with an online store, and records as dicts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.localaws.sagemaker.feature_store.store_fixtures import NUMBERS, StoreFixtures

NOON = datetime(2013, 7, 4, 12, tzinfo=UTC)
FEATURES = {"origin": "String", "at": "String", "wind": "Fractional", "flights": "Integral"}


def iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def at(minutes: float = 0) -> str:
    """A time so many minutes after noon."""
    return iso(NOON + timedelta(minutes=minutes))


def values_of(record: list[dict]) -> dict[str, object]:
    """A dict of ``FeatureValue`` structures."""
    return {each["FeatureName"]: each.get("ValueAsStringList", each.get("ValueAsString")) for each in record}


class OnlineGroups(StoreFixtures):
    """Feature groups with an online store only."""

    def create(self, features: dict[str, str] | list[dict] | None = None, time: str = "at", **online: object) -> str:
        """Create a group whose first feature is the record identifier. Returns its name."""
        features = features or FEATURES
        if isinstance(features, dict):
            features = [{"FeatureName": name, "FeatureType": kind} for name, kind in features.items()]
        name = f"online-{next(NUMBERS)}"
        self.sagemaker.create_feature_group(
            FeatureGroupName=name,
            RecordIdentifierFeatureName=features[0]["FeatureName"],
            EventTimeFeatureName=time,
            FeatureDefinitions=features,
            OnlineStoreConfig={"EnableOnlineStore": True, **online},
        )
        self.wait(name)
        return name

    def wait(self, group: str) -> None:
        """Let the group's creation or update end."""
        for _ in range(60):
            if self.describe(group)["FeatureGroupStatus"] != "Creating":
                return
            self.handle.advance(1)
        raise AssertionError(f"{group} is still being created")

    def drop(self, group: str) -> None:
        """Delete a group, and let its deletion end."""
        self.sagemaker.delete_feature_group(FeatureGroupName=group)
        self.handle.advance(1)

    def get(self, group: str, identifier: str, **parameters: object) -> dict | None:
        """The features that GetRecord shows; None when it shows nothing."""
        found = self.runtime.get_record(FeatureGroupName=group, RecordIdentifierValueAsString=identifier, **parameters)
        return values_of(found["Record"]) if "Record" in found else None

    def delete(self, group: str, identifier: str, time: str, **parameters: object) -> None:
        self.runtime.delete_record(FeatureGroupName=group, RecordIdentifierValueAsString=identifier, EventTime=time, **parameters)

    def identifiers(self, group: str, **parameters: object) -> list[str]:
        """All identifiers that ListRecords shows."""
        found, token = [], {}
        while True:
            page = self.runtime.list_records(FeatureGroupName=group, **parameters, **token)
            found += page["RecordIdentifiers"]
            if "NextToken" not in page:
                return found
            token = {"NextToken": page["NextToken"]}
