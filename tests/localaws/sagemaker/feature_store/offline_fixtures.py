"""Helpers for tests of the offline store: groups, records, what is in S3, and queries."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable
from typing import Any

import pyarrow
from pyarrow import parquet

from course.localaws.server import launch
from tests.localaws import athena_queries
from tests.localaws.sagemaker.feature_store.store_fixtures import NUMBERS, TRUST, StoreFixtures

FEATURES = {"origin": "String", "at": "String", "wind": "Fractional", "Flights": "Integral"}
WRITE = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}


class Stores(StoreFixtures):
    """Feature groups with an offline store in a bucket of their own."""

    def __init__(self, handle: launch.Handle, client: Callable[..., Any]) -> None:
        super().__init__(handle, client)
        number = next(NUMBERS)
        self.bucket, self.role_name = f"offline-{number}", f"offline-{number}"
        self.s3.create_bucket(Bucket=self.bucket)
        self.role = self.iam.create_role(RoleName=self.role_name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
        self.allow()

    def allow(self) -> None:
        self.iam.put_role_policy(RoleName=self.role_name, PolicyName="write", PolicyDocument=json.dumps(WRITE))

    def deny(self) -> None:
        self.iam.delete_role_policy(RoleName=self.role_name, PolicyName="write")

    def create(self, features: dict[str, str] | None = None, *, time: str = "at", storage: dict | None = None, **offline: object) -> str:
        """Create a group whose first feature is the record identifier. Returns its name once it is created."""
        features, name = features or FEATURES, f"group-{next(NUMBERS)}"
        self.sagemaker.create_feature_group(
            FeatureGroupName=name,
            RecordIdentifierFeatureName=next(iter(features)),
            EventTimeFeatureName=time,
            FeatureDefinitions=[{"FeatureName": feature, "FeatureType": kind} for feature, kind in features.items()],
            OnlineStoreConfig={"EnableOnlineStore": True},
            OfflineStoreConfig={"S3StorageConfig": {"S3Uri": f"s3://{self.bucket}/store"} | (storage or {}), **offline},
            RoleArn=self.role,
        )
        self.until(lambda: self.describe(name)["FeatureGroupStatus"] != "Creating")
        assert self.describe(name)["FeatureGroupStatus"] == "Created", self.describe(name)
        return name

    def status(self, group: str) -> dict:
        return self.describe(group)["OfflineStoreStatus"]

    def flush(self) -> None:
        """Let the buffer time pass."""
        self.handle.advance(2)

    def output(self, group: str | dict) -> str:
        """The prefix of a group's data files in the bucket."""
        described = self.describe(group) if isinstance(group, str) else group
        return described["OfflineStoreConfig"]["S3StorageConfig"]["ResolvedOutputS3Uri"].removeprefix(f"s3://{self.bucket}/")

    def keys(self, group: str | dict) -> list[str]:
        """The keys of a group's data files, relative to its output."""
        output = self.output(group)
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=f"{output}/")
        return [each["Key"].removeprefix(f"{output}/") for page in pages for each in page.get("Contents", [])]

    def files(self, group: str | dict) -> list[pyarrow.Table]:
        output = self.output(group)
        bodies = [self.s3.get_object(Bucket=self.bucket, Key=f"{output}/{key}")["Body"].read() for key in self.keys(group)]
        return [parquet.ParquetFile(io.BytesIO(body)).read() for body in bodies]

    def rows(self, group: str | dict) -> list[dict]:
        """What is in the group's data files."""
        return [row for file in self.files(group) for row in file.to_pylist()]

    def table(self, group: str) -> str:
        """The group's table in SQL."""
        config = self.describe(group)["OfflineStoreConfig"]["DataCatalogConfig"]
        return f'"{config["Database"]}"."{config["TableName"]}"'

    def query(self, sql: str) -> list[dict]:
        """Run a query in Athena. Returns its rows as texts by column name."""
        found = athena_queries.run(self.athena, sql, f"s3://{self.bucket}/results/")
        assert found["Status"]["State"] == "SUCCEEDED", found["Status"]
        names, *lines = athena_queries.lines(self.athena, found)
        return [dict(zip(names, line, strict=True)) for line in lines]

    def until_rows(self, group: str | dict, count: int) -> None:
        """Wait until a group's files have so many rows; more of them fail the test."""
        self.until(lambda: len(self.rows(group)) >= count)
        assert len(self.rows(group)) == count


def values(rows: Iterable[dict], *names: str) -> list[tuple]:
    """Some columns of rows, sorted."""
    return sorted((tuple(row[name] for name in names) for row in rows), key=repr)
