"""CreateFeatureGroup, DescribeFeatureGroup, ListFeatureGroups and DeleteFeatureGroup, as the API reference describes them."""

from __future__ import annotations

import json
from functools import partial

import pytest
from botocore.exceptions import ClientError

from tests.localaws.boto_clients import shared_key
from tests.localaws.moto.restartable_aws import RestartableAws
from tests.localaws.sagemaker.feature_store.group_fixtures import FEATURES, Groups, allow
from tests.localaws.sagemaker.feature_store.store_fixtures import TRUST

IN_MEMORY = {"EnableOnlineStore": True, "StorageType": "InMemory"}


def vector(**changes: object) -> list[dict]:
    feature = {
        "FeatureName": "embedding",
        "FeatureType": "Fractional",
        "CollectionType": "Vector",
        "CollectionConfig": {"VectorConfig": {"Dimension": 3}},
    } | changes
    return [*FEATURES, {member: value for member, value in feature.items() if value is not None}]


class TestCreate:
    def test_online_and_offline_store(self, groups: Groups) -> None:
        request = groups.request(OfflineStoreConfig=groups.offline, Description="Weather of the three airports")
        arn = groups.sagemaker.create_feature_group(**request)["FeatureGroupArn"]
        name = request["FeatureGroupName"]
        assert arn == f"arn:aws:sagemaker:us-east-1:123456789012:feature-group/{name.lower()}"
        assert groups.describe(name)["FeatureGroupStatus"] in ("Creating", "Created")
        groups.until(lambda: groups.describe(name)["FeatureGroupStatus"] == "Created")
        found = groups.describe(arn)
        created = int(found["CreationTime"].timestamp())
        uri = f"s3://{groups.bucket}/store/123456789012/sagemaker/us-east-1/offline-store/{name}-{created}/data"
        table = f"{name.replace('-', '_').lower()}_{created}"
        del found["ResponseMetadata"], found["CreationTime"]
        assert found == request | {
            "FeatureGroupArn": arn,
            "FeatureGroupStatus": "Created",
            "OfflineStoreStatus": {"Status": "Active"},
            "OfflineStoreConfig": {
                "S3StorageConfig": groups.offline["S3StorageConfig"] | {"ResolvedOutputS3Uri": uri},
                "DisableGlueTableCreation": False,
                "DataCatalogConfig": {"TableName": table, "Catalog": "AwsDataCatalog", "Database": "sagemaker_featurestore"},
            },
            "ThroughputConfig": {"ThroughputMode": "OnDemand"},
            "OnlineStoreTotalSizeBytes": 0,
            "NextToken": "",
        }
        columns = groups.glue.get_table(DatabaseName="sagemaker_featurestore", Name=table)["Table"]["StorageDescriptor"]["Columns"]
        assert {"Name": "wind-speed", "Type": "double"} in columns

    def test_one_feature_may_be_identifier_and_event_time(self, groups: Groups) -> None:
        name = groups.create(RecordIdentifierFeatureName="at", EventTimeFeatureName="at", RoleArn=None)
        assert groups.describe(name)["FeatureGroupStatus"] == "Created"
        assert "OfflineStoreStatus" not in groups.describe(name)

    def test_tables_of_ones_own(self, groups: Groups) -> None:
        own = {"TableName": "weather", "Catalog": "AwsDataCatalog", "Database": groups.bucket.replace("-", "_")}
        name = groups.create(OnlineStoreConfig=None, OfflineStoreConfig=groups.offline | {"DataCatalogConfig": own, "TableFormat": "Glue"})
        config = groups.describe(name)["OfflineStoreConfig"]
        assert (config["DataCatalogConfig"], config["TableFormat"]) == (own, "Glue")
        assert groups.glue.get_table(DatabaseName=own["Database"], Name="weather")["Table"]["TableType"] == "EXTERNAL_TABLE"
        again = groups.create(OfflineStoreConfig=groups.offline | {"DataCatalogConfig": own})
        found = groups.describe(again)
        assert found["FeatureGroupStatus"] == "CreateFailed"
        assert "AlreadyExistsException" in found["FailureReason"]
        groups.delete(again)

    def test_without_a_table(self, groups: Groups) -> None:
        name = groups.create(OfflineStoreConfig=groups.offline | {"DisableGlueTableCreation": True})
        assert "DataCatalogConfig" not in groups.describe(name)["OfflineStoreConfig"]
        theirs = {"TableName": "theirs", "Catalog": "123456789012", "Database": "not-there"}
        name = groups.create(OfflineStoreConfig=groups.offline | {"DisableGlueTableCreation": True, "DataCatalogConfig": theirs})
        assert groups.describe(name)["OfflineStoreConfig"]["DataCatalogConfig"] == theirs

    def test_in_memory_collections(self, groups: Groups) -> None:
        tags = {"FeatureName": "tags", "FeatureType": "String", "CollectionType": "Set"}
        name = groups.create(FeatureDefinitions=[*vector(), tags], OnlineStoreConfig=IN_MEMORY)
        assert groups.describe(name)["FeatureDefinitions"] == [*vector(), tags]

    def test_keys_encrypt_both_stores(self, groups: Groups) -> None:
        key = shared_key(groups.client("kms"))["Arn"]
        storage = groups.offline["S3StorageConfig"] | {"KmsKeyId": key}
        online = {"EnableOnlineStore": True, "SecurityConfig": {"KmsKeyId": key}}
        name = groups.create(OnlineStoreConfig=online, OfflineStoreConfig={"S3StorageConfig": storage})
        found = groups.describe(name)
        assert found["OnlineStoreConfig"] == online
        assert found["OfflineStoreConfig"]["S3StorageConfig"]["KmsKeyId"] == key

    def test_records_under_a_key_need_the_key(self, groups: Groups, refused) -> None:
        kms = groups.client("kms")
        key = shared_key(kms)["Arn"]
        encrypted = {"EnableOnlineStore": True, "SecurityConfig": {"KmsKeyId": key}}
        name = groups.create(OnlineStoreConfig=encrypted)
        runtime = groups.client("sagemaker-featurestore-runtime")
        ask = partial(runtime.get_record, FeatureGroupName=name, RecordIdentifierValueAsString="1")
        ask()
        kms.disable_key(KeyId=key)
        with refused("AccessForbidden", 403) as error:
            ask()
        assert "its state is Disabled" in str(error.value)
        kms.enable_key(KeyId=key)
        statements = [
            {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "kms:*", "Resource": "*"},
            {"Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"},
        ]
        kms.put_key_policy(KeyId=key, Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))
        with refused("AccessForbidden", 403) as error:
            ask()
        assert "not authorized to perform: kms:Decrypt" in str(error.value)
        with refused("AccessDeniedException"):
            groups.sagemaker.create_feature_group(**groups.request(OnlineStoreConfig=encrypted))

    @pytest.mark.parametrize(
        ("changes", "text"),
        [
            ({"OnlineStoreConfig": None}, "OnlineStore and OfflineStore cannot be both disabled. Please enable at least one of them"),
            ({"OnlineStoreConfig": {"EnableOnlineStore": False}}, "cannot be both disabled"),
            ({"RecordIdentifierFeatureName": "carrier"}, "RecordIdentifierFeatureName carrier must be one of"),
            ({"EventTimeFeatureName": "carrier"}, "EventTimeFeatureName carrier must be one of"),
            ({"FeatureDefinitions": [*FEATURES, {"FeatureName": "write_time", "FeatureType": "String"}]}, "is_deleted, write_time"),
            ({"FeatureDefinitions": [*FEATURES, {"FeatureName": "WIND-speed", "FeatureType": "String"}]}, "WIND-speed occurs twice"),
            ({"FeatureDefinitions": vector()}, "only supported for feature groups with the InMemory online store"),
            ({"FeatureDefinitions": vector(FeatureType="String"), "OnlineStoreConfig": IN_MEMORY}, "must be of FeatureType Fractional"),
            ({"FeatureDefinitions": vector(CollectionConfig=None), "OnlineStoreConfig": IN_MEMORY}, "VectorConfig is required"),
            ({"FeatureDefinitions": vector(CollectionType="List"), "OnlineStoreConfig": IN_MEMORY}, "VectorConfig applies only"),
            ({"FeatureDefinitions": vector(CollectionType=None), "OnlineStoreConfig": IN_MEMORY}, "needs a CollectionType"),
            ({"FeatureDefinitions": vector(), "OnlineStoreConfig": IN_MEMORY, "RecordIdentifierFeatureName": "embedding"}, "a collection"),
            ({"OnlineStoreConfig": {"EnableOnlineStore": True, "TtlDuration": {"Unit": "Hours"}}}, "both Unit and Value"),
            ({"ThroughputConfig": {"ThroughputMode": "Provisioned", "ProvisionedWriteCapacityUnits": 1}}, "ProvisionedReadCapacityUnits"),
            ({"ThroughputConfig": {"ThroughputMode": "OnDemand", "ProvisionedReadCapacityUnits": 1}}, "cannot be given"),
            (
                {
                    "ThroughputConfig": {
                        "ThroughputMode": "Provisioned",
                        "ProvisionedReadCapacityUnits": 40001,
                        "ProvisionedWriteCapacityUnits": 1,
                    }
                },
                "at most 40000",
            ),
            (
                {
                    "ThroughputConfig": {
                        "ThroughputMode": "Provisioned",
                        "ProvisionedReadCapacityUnits": 1,
                        "ProvisionedWriteCapacityUnits": 1,
                    },
                    "OnlineStoreConfig": IN_MEMORY,
                },
                "not supported for the online store InMemory",
            ),
        ],
    )
    def test_refused(self, groups: Groups, refused, changes: dict, text: str) -> None:
        with refused("ValidationException") as error:
            groups.sagemaker.create_feature_group(**groups.request(**changes))
        assert text in str(error.value)

    def test_an_integral_event_time_is_refused(self, groups: Groups, refused) -> None:
        features = [*FEATURES, {"FeatureName": "when", "FeatureType": "Integral"}]
        with refused("ValidationException") as error:
            groups.sagemaker.create_feature_group(**groups.request(FeatureDefinitions=features, EventTimeFeatureName="when"))
        assert "must be of FeatureType String or Fractional" in str(error.value)

    @pytest.mark.parametrize(
        ("offline", "changes", "text"),
        [
            ({}, {"RoleArn": None}, "RoleArn is required"),
            ({}, {"OnlineStoreConfig": IN_MEMORY}, "cannot have an offline store"),
            ({}, {"OnlineStoreConfig": {"TtlDuration": {"Unit": "Hours", "Value": 3}}}, "TtlDuration needs an online store"),
            ({"DisableGlueTableCreation": True, "TableFormat": "Iceberg"}, {}, "Iceberg table format is only supported when"),
            ({"S3StorageConfig": {"S3Uri": "s3://there-is-no-such-bucket/store"}}, {}, "Invalid S3Uri provided"),
        ],
    )
    def test_offline_stores_that_are_refused(self, groups: Groups, refused, offline: dict, changes: dict, text: str) -> None:
        with refused("ValidationException") as error:
            groups.sagemaker.create_feature_group(**groups.request(OfflineStoreConfig=groups.offline | offline, **changes))
        assert text in str(error.value)

    @pytest.mark.parametrize(
        ("change", "text"),
        [
            ({"Catalog": "MyCatalog"}, "Catalog of DataCatalogConfig must be AwsDataCatalog; got MyCatalog"),
            ({"TableName": "my-feature-table"}, "TableName my-feature-table of DataCatalogConfig must have lower-case letters"),
            ({"TableName": "2013_weather"}, "begin with a letter or an underscore"),
            ({"TableName": "w" * 253}, "at most 252 characters"),
            ({"Database": "Lake"}, "Database Lake of DataCatalogConfig"),
        ],
    )
    def test_catalogs_that_are_refused(self, groups: Groups, refused, change: dict, text: str) -> None:
        chosen = {"TableName": "weather", "Catalog": "AwsDataCatalog", "Database": "lake"} | change
        with refused("ValidationException") as error:
            groups.sagemaker.create_feature_group(**groups.request(OfflineStoreConfig=groups.offline | {"DataCatalogConfig": chosen}))
        assert text in str(error.value)

    def test_keys_that_are_refused(self, groups: Groups, refused) -> None:
        kms = groups.client("kms")
        asymmetric = kms.create_key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]["Arn"]
        symmetric = kms.create_key()["KeyMetadata"]["Arn"]
        requests = {
            "does not exist": {"EnableOnlineStore": True, "SecurityConfig": {"KmsKeyId": "alias/nothing"}},
            "asymmetric": {"EnableOnlineStore": True, "SecurityConfig": {"KmsKeyId": asymmetric}},
            "does not support customer managed KMS keys": IN_MEMORY | {"SecurityConfig": {"KmsKeyId": symmetric}},
        }
        for text, online in requests.items():
            with refused("ValidationException") as error:
                groups.sagemaker.create_feature_group(**groups.request(OnlineStoreConfig=online))
            assert text in str(error.value)

    def test_the_role_must_trust_sagemaker_and_read_the_bucket_acl(self, groups: Groups, refused) -> None:
        distrusting = groups.role(trust={"Version": "2012-10-17", "Statement": [TRUST["Statement"][0] | {"Principal": {"AWS": "*"}}]})
        for role, text in {distrusting: "The execution role ARN is invalid.", groups.role(): "Invalid S3Uri provided"}.items():
            with refused("ValidationException") as error:
                groups.sagemaker.create_feature_group(**groups.request(RoleArn=role, OfflineStoreConfig=groups.offline))
            assert text in str(error.value)

    def test_a_role_that_may_not_write_fails_the_creation(self, groups: Groups) -> None:
        name = groups.create(RoleArn=groups.role(allow("s3:GetBucketAcl")), OfflineStoreConfig=groups.offline)
        found = groups.describe(name)
        assert found["FeatureGroupStatus"] == "CreateFailed"
        assert "s3:PutObject" in found["FailureReason"]
        assert groups.sagemaker.list_feature_groups(NameContains=name, FeatureGroupStatusEquals="CreateFailed")["FeatureGroupSummaries"]
        groups.delete(name)

    def test_a_name_is_used_once(self, groups: Groups, refused) -> None:
        name = groups.create()
        with refused("ResourceInUse") as error:
            groups.sagemaker.create_feature_group(**groups.request(FeatureGroupName=name.upper()))
        text = f"Resource Already Exists: FeatureGroup with name {name.upper()} already exists. Choose a different name."
        assert text in str(error.value)


class TestDescribe:
    def test_the_size_of_the_online_store(self, groups: Groups) -> None:
        name = groups.create()
        groups.put(name, origin="JFK", at=1.4e9)
        first = groups.describe(name)["OnlineStoreTotalSizeBytes"]
        groups.put(name, origin="LGA", at=1.4e9)
        assert 0 < first < groups.describe(name)["OnlineStoreTotalSizeBytes"]

    def test_2500_features_are_one_page(self, groups: Groups, refused) -> None:
        features = [*FEATURES[:2], *({"FeatureName": f"f{number}", "FeatureType": "Integral"} for number in range(2498))]
        name = groups.create(FeatureDefinitions=features)
        found = groups.describe(name)
        assert (found["FeatureDefinitions"], found["NextToken"]) == (features, "")
        with refused("ValidationException"):
            groups.sagemaker.describe_feature_group(FeatureGroupName=name, NextToken="another")

    def test_groups_that_are_not_there(self, groups: Groups, refused) -> None:
        with refused("ResourceNotFound") as error:
            groups.describe("nothing")
        assert "Resource Not Found: Amazon SageMaker can't find a FeatureGroup with name nothing" in str(error.value)
        with refused("ResourceNotFound"):
            groups.describe("arn:aws:sagemaker:eu-west-1:123456789012:feature-group/nothing")
        with refused("NotSupportedByLocalAws") as error:
            groups.describe("arn:aws:sagemaker:us-east-1:210987654321:feature-group/shared")
        assert "another account shares" in str(error.value)


class TestList:
    def test_filters_sorts_and_pages(self, groups: Groups) -> None:
        stem = groups.name()
        online = groups.create(FeatureGroupName=f"{stem}-b")
        offline = groups.create(FeatureGroupName=f"{stem}-a", OfflineStoreConfig=groups.offline)
        broken = groups.create(
            FeatureGroupName=f"{stem}-c", OfflineStoreConfig=groups.offline, RoleArn=groups.role(allow("s3:GetBucketAcl"))
        )

        def listed(**params: object) -> list[str]:
            pages = groups.sagemaker.get_paginator("list_feature_groups").paginate(NameContains=stem.lower(), **params)
            return [summary["FeatureGroupName"] for page in pages for summary in page["FeatureGroupSummaries"]]

        assert listed() == [broken, offline, online]
        assert listed(SortOrder="Ascending") == [online, offline, broken]
        assert listed(SortBy="Name", SortOrder="Ascending", PaginationConfig={"PageSize": 1}) == [offline, online, broken]
        assert listed(SortBy="FeatureGroupStatus", SortOrder="Ascending")[0] == broken
        assert listed(SortBy="OfflineStoreStatus")[0] == offline
        assert listed(FeatureGroupStatusEquals="Created", SortBy="Name") == [online, offline]
        assert listed(OfflineStoreStatusEquals="Active") == [offline]
        assert listed(OfflineStoreStatusEquals="Blocked") == []
        created = groups.describe(offline)["CreationTime"]
        assert listed(CreationTimeAfter=created) == [broken, offline]
        assert listed(CreationTimeBefore=created) == [online]
        [summary] = groups.sagemaker.list_feature_groups(NameContains=offline)["FeatureGroupSummaries"]
        assert summary == {
            "FeatureGroupName": offline,
            "FeatureGroupArn": groups.describe(offline)["FeatureGroupArn"],
            "CreationTime": created,
            "FeatureGroupStatus": "Created",
            "OfflineStoreStatus": {"Status": "Active"},
        }


class TestDelete:
    def test_records_go_and_offline_data_stays(self, groups: Groups) -> None:
        name = groups.create(OfflineStoreConfig=groups.offline)
        config = groups.describe(name)["OfflineStoreConfig"]
        prefix = config["S3StorageConfig"]["ResolvedOutputS3Uri"].removeprefix(f"s3://{groups.bucket}/")
        groups.put(name, origin="JFK", at=1.4e9)
        groups.sagemaker.delete_feature_group(FeatureGroupName=name)
        with pytest.raises(ClientError):
            groups.get(name, "JFK")
        groups.until(lambda: groups.is_gone(name))
        groups.handle.advance(2)
        groups.until(lambda: groups.s3.list_objects_v2(Bucket=groups.bucket, Prefix=prefix)["KeyCount"] == 1)
        assert groups.glue.get_table(DatabaseName="sagemaker_featurestore", Name=config["DataCatalogConfig"]["TableName"])
        assert groups.create(FeatureGroupName=name, OfflineStoreConfig=groups.offline) == name
        assert groups.get(name, "JFK") == {}

    def test_only_an_existing_group_is_deleted(self, groups: Groups, refused) -> None:
        with refused("ResourceNotFound"):
            groups.sagemaker.delete_feature_group(FeatureGroupName="nothing")


class TestQuotas:
    def test_units_of_a_region(self, groups: Groups, refused) -> None:
        provisioned = {"ThroughputMode": "Provisioned", "ProvisionedReadCapacityUnits": 40000, "ProvisionedWriteCapacityUnits": 30000}
        names = [groups.create(ThroughputConfig=provisioned) for _ in range(2)]
        assert groups.describe(names[0])["ThroughputConfig"] == provisioned
        with refused("ResourceLimitExceeded") as error:
            groups.sagemaker.create_feature_group(**groups.request(ThroughputConfig=provisioned))
        assert "Read Capacity Units" in str(error.value)
        for name in names:
            groups.delete(name)


@pytest.mark.nightly  # kills by day in test_online_chaos.py
def test_a_killed_local_aws_goes_on(tmp_path) -> None:
    """What was under way at a kill is finished at the next start."""
    aws = RestartableAws(tmp_path / "state")
    try:
        groups = Groups(aws.handle, aws)
        kept, deleted = groups.create(OfflineStoreConfig=groups.offline), groups.create()
        creating = groups.request(OfflineStoreConfig=groups.offline)
        groups.sagemaker.create_feature_group(**creating)
        added = [{"FeatureName": "dew_point", "FeatureType": "Fractional"}]
        groups.sagemaker.update_feature_group(FeatureGroupName=kept, FeatureAdditions=added)
        groups.sagemaker.delete_feature_group(FeatureGroupName=deleted)
        aws.restart()
        groups.until(lambda: groups.describe(creating["FeatureGroupName"])["FeatureGroupStatus"] == "Created")
        groups.until(lambda: groups.describe(kept)["LastUpdateStatus"] == {"Status": "Successful"})
        assert groups.describe(kept)["FeatureDefinitions"][-1:] == added
        groups.until(lambda: groups.is_gone(deleted))
    finally:
        aws.stop()
