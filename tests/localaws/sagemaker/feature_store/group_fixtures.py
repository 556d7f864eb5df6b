"""Helpers for tests of feature groups."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from course.localaws.server import launch
from tests.localaws.sagemaker.feature_store.store_fixtures import NUMBERS, TRUST, StoreFixtures

ROLE = "arn:aws:iam::123456789012:role/SageMakerRole"
FEATURES = [
    {"FeatureName": "origin", "FeatureType": "String"},
    {"FeatureName": "at", "FeatureType": "Fractional"},
    {"FeatureName": "Wind-speed", "FeatureType": "Fractional"},
]


class Groups(StoreFixtures):
    """Feature groups of one local AWS, with a bucket for their offline stores."""

    def __init__(self, handle: launch.Handle, client: Callable[..., Any]) -> None:
        super().__init__(handle, client)
        self.bucket = f"groups-{next(NUMBERS)}"
        self.s3.create_bucket(Bucket=self.bucket)
        self.offline = {"S3StorageConfig": {"S3Uri": f"s3://{self.bucket}/store/"}}

    def name(self) -> str:
        return f"Weather-group-{next(NUMBERS)}"

    def request(self, **changes: object) -> dict:
        """The parameters of CreateFeatureGroup for an online group. A change to None leaves a member out."""
        params = {
            "FeatureGroupName": self.name(),
            "RecordIdentifierFeatureName": "origin",
            "EventTimeFeatureName": "at",
            "FeatureDefinitions": FEATURES,
            "OnlineStoreConfig": {"EnableOnlineStore": True},
            "RoleArn": ROLE,
        } | changes
        return {member: value for member, value in params.items() if value is not None}

    def create(self, **changes: object) -> str:
        """Create a group. Returns its name once its creation has ended."""
        params = self.request(**changes)
        self.sagemaker.create_feature_group(**params)
        self.until(lambda: self.describe(params["FeatureGroupName"])["FeatureGroupStatus"] != "Creating")
        return params["FeatureGroupName"]

    def update(self, name: str, **params: object) -> dict:
        """Update a group. Returns its description once the update has ended."""
        self.sagemaker.update_feature_group(FeatureGroupName=name, **params)
        self.until(lambda: self.describe(name)["LastUpdateStatus"]["Status"] != "InProgress")
        return self.describe(name)

    def delete(self, name: str) -> None:
        """Delete a group, and wait until it is gone."""
        self.sagemaker.delete_feature_group(FeatureGroupName=name)
        self.until(lambda: self.is_gone(name))

    def is_gone(self, name: str) -> bool:
        try:
            self.describe(name)
        except ClientError as error:
            assert error.response["Error"]["Code"] == "ResourceNotFound"
            return True
        return False

    def get(self, name: str, identifier: str) -> dict[str, str]:
        found = self.runtime.get_record(FeatureGroupName=name, RecordIdentifierValueAsString=identifier)
        return {value["FeatureName"]: value["ValueAsString"] for value in found.get("Record", ())}

    def role(self, *statements: dict, trust: dict = TRUST) -> str:
        """The ARN of a new role with these statements as its policy."""
        name = f"groups-{next(NUMBERS)}"
        arn = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
        if statements:
            policy = {"Version": "2012-10-17", "Statement": [*statements]}
            self.iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=json.dumps(policy))
        return arn


def allow(*actions: str, resource: str = "*", condition: dict | None = None) -> dict:
    """A statement of a policy."""
    statement: dict = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    return statement | ({"Condition": condition} if condition else {})
