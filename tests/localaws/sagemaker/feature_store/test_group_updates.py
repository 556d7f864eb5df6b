"""UpdateFeatureGroup: features, time to live, storage type and throughput."""

from __future__ import annotations

import pytest

from tests.localaws.sagemaker.feature_store.group_fixtures import FEATURES, Groups

GUST = {"FeatureName": "Gust", "FeatureType": "Fractional"}
WEEK = {"Unit": "Weeks", "Value": 1}
PROVISIONED = {"ThroughputMode": "Provisioned", "ProvisionedReadCapacityUnits": 5, "ProvisionedWriteCapacityUnits": 5}


class TestFeatures:
    def test_added_features_are_in_records_and_in_the_table(self, groups: Groups) -> None:
        name = groups.create(OfflineStoreConfig=groups.offline)
        before = groups.describe(name)
        assert "LastModifiedTime" not in before and "LastUpdateStatus" not in before
        arn = groups.sagemaker.update_feature_group(FeatureGroupName=before["FeatureGroupArn"], FeatureAdditions=[GUST])["FeatureGroupArn"]
        assert arn == before["FeatureGroupArn"]
        assert groups.describe(name)["LastUpdateStatus"]["Status"] in ("InProgress", "Successful")
        groups.until(lambda: groups.describe(name)["LastUpdateStatus"] == {"Status": "Successful"})
        found = groups.describe(name)
        assert found["FeatureDefinitions"] == [*FEATURES, GUST]
        assert found["LastModifiedTime"] > found["CreationTime"]
        chosen = found["OfflineStoreConfig"]["DataCatalogConfig"]
        columns = groups.glue.get_table(DatabaseName=chosen["Database"], Name=chosen["TableName"])["Table"]["StorageDescriptor"]["Columns"]
        assert {"Name": "gust", "Type": "double"} in columns
        assert [column["Name"] for column in columns].count("origin") == 1
        groups.put(name, origin="JFK", at=1.4e9, Gust=40.5)
        assert groups.get(name, "JFK")["Gust"] == "40.5"

    def test_an_iceberg_table_gets_the_column(self, groups: Groups) -> None:
        name = groups.create(OfflineStoreConfig=groups.offline | {"TableFormat": "Iceberg"})
        found = groups.update(name, FeatureAdditions=[GUST])
        assert found["LastUpdateStatus"] == {"Status": "Successful"}
        chosen = found["OfflineStoreConfig"]["DataCatalogConfig"]
        table = groups.glue.get_table(DatabaseName=chosen["Database"], Name=chosen["TableName"])["Table"]
        assert table["Parameters"]["table_type"] == "ICEBERG"
        assert [column["Name"] for column in table["StorageDescriptor"]["Columns"]].count("Gust") == 1

    def test_a_second_update_waits_for_the_first(self, groups: Groups, refused) -> None:
        name = groups.create()
        groups.sagemaker.update_feature_group(FeatureGroupName=name, FeatureAdditions=[GUST])
        if groups.describe(name)["LastUpdateStatus"]["Status"] == "InProgress":
            with refused("ValidationException") as error:
                groups.sagemaker.update_feature_group(FeatureGroupName=name, FeatureAdditions=[GUST])
            assert "another update is in progress" in str(error.value) or "occurs twice" in str(error.value)
        groups.until(lambda: groups.describe(name)["LastUpdateStatus"] == {"Status": "Successful"})

    def test_a_table_that_is_gone_fails_the_update(self, groups: Groups) -> None:
        name = groups.create(OfflineStoreConfig=groups.offline)
        chosen = groups.describe(name)["OfflineStoreConfig"]["DataCatalogConfig"]
        groups.glue.delete_table(DatabaseName=chosen["Database"], Name=chosen["TableName"])
        found = groups.update(name, FeatureAdditions=[GUST])
        assert found["LastUpdateStatus"]["Status"] == "Failed"
        assert "EntityNotFoundException" in found["LastUpdateStatus"]["FailureReason"]
        assert found["FeatureDefinitions"] == FEATURES

    @pytest.mark.parametrize(
        ("params", "text"),
        [
            ({}, "exactly one of FeatureAdditions, OnlineStoreConfig, ThroughputConfig"),
            ({"FeatureAdditions": [GUST], "OnlineStoreConfig": {"TtlDuration": WEEK}}, "FeatureAdditions and OnlineStoreConfig"),
            ({"FeatureAdditions": [GUST, GUST]}, "Gust occurs twice"),
            ({"FeatureAdditions": [{"FeatureName": "ORIGIN", "FeatureType": "String"}]}, "ORIGIN occurs twice"),
            ({"FeatureAdditions": [{"FeatureName": "is_deleted", "FeatureType": "String"}]}, "is_deleted"),
            ({"FeatureAdditions": [GUST | {"CollectionType": "List"}]}, "InMemory"),
            ({"FeatureAdditions": [{"FeatureName": f"f{number}", "FeatureType": "Integral"} for number in range(101)]}, "100"),
            ({"OnlineStoreConfig": {"StorageType": "InMemory"}}, "from Standard to Standard_V2 only"),
            ({"OnlineStoreConfig": {"TtlDuration": {"Value": 3}}}, "both Unit and Value"),
            ({"ThroughputConfig": {"ThroughputMode": "Provisioned"}}, "needs ProvisionedReadCapacityUnits"),
        ],
    )
    def test_refused(self, groups: Groups, refused, params: dict, text: str) -> None:
        name = groups.create()
        with refused("ValidationException") as error:
            groups.sagemaker.update_feature_group(FeatureGroupName=name, **params)
        assert text in str(error.value)
        assert "LastUpdateStatus" not in groups.describe(name)

    def test_at_most_2500_features(self, groups: Groups, refused) -> None:
        many = [*FEATURES, *({"FeatureName": f"f{number}", "FeatureType": "Integral"} for number in range(2497))]
        name = groups.create(FeatureDefinitions=many)
        with refused("ResourceLimitExceeded"):
            groups.sagemaker.update_feature_group(FeatureGroupName=name, FeatureAdditions=[GUST])

    def test_groups_that_are_not_there(self, groups: Groups, refused) -> None:
        with refused("ResourceNotFound"):
            groups.sagemaker.update_feature_group(FeatureGroupName="nothing", FeatureAdditions=[GUST])


class TestOnlineStore:
    def test_time_to_live_is_set_and_removed(self, groups: Groups, refused) -> None:
        name = groups.create()
        assert groups.update(name, OnlineStoreConfig={"TtlDuration": WEEK})["OnlineStoreConfig"]["TtlDuration"] == WEEK
        assert groups.update(name, OnlineStoreConfig={"TtlDuration": {}})["OnlineStoreConfig"] == {"EnableOnlineStore": True}
        offline = groups.create(OnlineStoreConfig=None, OfflineStoreConfig=groups.offline)
        with refused("ValidationException") as error:
            groups.sagemaker.update_feature_group(FeatureGroupName=offline, OnlineStoreConfig={"TtlDuration": WEEK})
        assert "whose online store is enabled" in str(error.value)

    def test_migration_to_standard_v2_is_one_way(self, groups: Groups, refused) -> None:
        name = groups.create()
        found = groups.update(name, OnlineStoreConfig={"StorageType": "Standard_V2"})
        assert found["OnlineStoreConfig"]["StorageType"] == "Standard_V2"
        with refused("ValidationException"):
            groups.sagemaker.update_feature_group(FeatureGroupName=name, OnlineStoreConfig={"StorageType": "Standard"})


class TestThroughput:
    def test_on_demand_once_in_24_hours(self, groups: Groups, refused) -> None:
        name = groups.create(ThroughputConfig=PROVISIONED)
        more = groups.update(name, ThroughputConfig={"ProvisionedReadCapacityUnits": 7})["ThroughputConfig"]
        assert more == PROVISIONED | {"ProvisionedReadCapacityUnits": 7}
        on_demand = {"ThroughputMode": "OnDemand"}
        assert groups.update(name, ThroughputConfig=on_demand)["ThroughputConfig"] == on_demand
        assert groups.update(name, ThroughputConfig=PROVISIONED)["ThroughputConfig"] == PROVISIONED
        with refused("ValidationException") as error:
            groups.sagemaker.update_feature_group(FeatureGroupName=name, ThroughputConfig=on_demand)
        assert "only once in 24 hours" in str(error.value)
        groups.handle.advance(24 * 3600)
        assert groups.update(name, ThroughputConfig=on_demand)["ThroughputConfig"] == on_demand

    def test_provisioned_groups_stay_standard(self, groups: Groups, refused) -> None:
        name = groups.create(ThroughputConfig=PROVISIONED)
        with refused("ValidationException") as error:
            groups.sagemaker.update_feature_group(FeatureGroupName=name, OnlineStoreConfig={"StorageType": "Standard_V2"})
        assert "Switch to OnDemand first" in str(error.value)
