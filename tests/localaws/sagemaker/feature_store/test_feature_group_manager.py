"""`FeatureGroupManager` of SDK v3: Iceberg properties through pyiceberg, and Lake Formation's registration and permissions.

Expectations: ``sagemaker-mlops/tests/integ/test_feature_store_iceberg_properties.py`` and ``test_feature_store_lakeformation.py`` of
aws/sagemaker-python-sdk, read 2026-11-28.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from tests.localaws.sagemaker.feature_store.sdk_store import ROLE, SdkStore

FRAME = pd.DataFrame({"record_id": ["a"], "event_time": ["2023-11-14T22:13:20Z"], "value": [1.5]})
PROPERTY = "write.metadata.previous-versions-max"


def create(store: SdkStore, name: str, table_format: str | None = None, **more: Any) -> Any:
    from sagemaker.mlops import feature_store as fs

    storage = fs.S3StorageConfig(s3_uri=f"s3://{store.bucket}/fs")
    config = {"s3_storage_config": storage} | ({"table_format": table_format} if table_format else {})
    return fs.FeatureGroupManager.create(
        feature_group_name=name,
        record_identifier_feature_name="record_id",
        event_time_feature_name="event_time",
        feature_definitions=fs.load_feature_definitions_from_dataframe(FRAME),
        offline_store_config=fs.OfflineStoreConfig(**config),
        role_arn=ROLE,
        **more,
    )


@pytest.mark.nightly  # a quarter of a minute: the SDK and the offline store import pyiceberg
def test_iceberg_properties_are_set_and_changed(store: SdkStore) -> None:
    from sagemaker.mlops.feature_store import FeatureGroupManager, IcebergProperties, ingest_dataframe

    group = create(store, "iceberg-properties", "Iceberg", iceberg_properties=IcebergProperties(properties={PROPERTY: "5"}))
    ingest_dataframe("iceberg-properties", FRAME)
    store.until_offline("iceberg-properties", 1)
    group.update(iceberg_properties=IcebergProperties(properties={PROPERTY: "10"}))
    found = FeatureGroupManager.get(feature_group_name="iceberg-properties", include_iceberg_properties=True)
    assert found.iceberg_properties.properties[PROPERTY] == "10"
    ingest_dataframe("iceberg-properties", FRAME.assign(record_id="b"))  # the next write begins at the changed table
    store.until_offline("iceberg-properties", 2)
    found = FeatureGroupManager.get(feature_group_name="iceberg-properties", include_iceberg_properties=True)
    assert found.iceberg_properties.properties[PROPERTY] == "10"


@pytest.mark.nightly  # asks Lake Formation many times
def test_lake_formation_governs_a_group(store: SdkStore) -> None:
    from sagemaker.mlops.feature_store import LakeFormationConfig

    config = LakeFormationConfig(enabled=True, hybrid_access_mode_enabled=False, acknowledge_risk=True)
    group = create(store, "governed", lake_formation_config=config)
    found = group.enable_lake_formation(hybrid_access_mode_enabled=False, acknowledge_risk=True)  # a second time
    assert found == {"s3_location_registered": True, "lf_permissions_granted": True, "hybrid_access_mode_enabled": False}
    lake = store.session.boto_session.client("lakeformation")
    place = group.offline_store_config.s3_storage_config.resolved_output_s3_uri.removeprefix("s3://")
    assert f"arn:aws:s3:::{place}" in [each["ResourceArn"] for each in lake.list_resources()["ResourceInfoList"]]
    catalog = group.offline_store_config.data_catalog_config
    named = {"Table": {"DatabaseName": catalog.database, "Name": catalog.table_name}}
    granted = lake.list_permissions(Principal={"DataLakePrincipalIdentifier": ROLE}, Resource=named)["PrincipalResourcePermissions"]
    assert sorted(permission for each in granted for permission in each["Permissions"]) == [
        "ALTER",
        "DELETE",
        "DESCRIBE",
        "INSERT",
        "SELECT",
    ]


def test_lake_formation_needs_an_offline_store(store: SdkStore) -> None:
    from sagemaker.mlops import feature_store as fs

    group = fs.FeatureGroupManager.create(
        feature_group_name="online-only",
        record_identifier_feature_name="record_id",
        event_time_feature_name="event_time",
        feature_definitions=fs.load_feature_definitions_from_dataframe(FRAME),
        online_store_config=fs.OnlineStoreConfig(enable_online_store=True),
        role_arn=ROLE,
    )
    group.wait_for_status("Created", poll=1)
    with pytest.raises(ValueError, match="does not have an offline store configured"):
        group.enable_lake_formation(hybrid_access_mode_enabled=False, acknowledge_risk=True)
