"""Records of a feature group as plain dicts, and the rows of its offline store as a table."""

import threading
import time
from typing import Any

import boto3
import pandas as pd
from botocore.exceptions import ClientError
from given.athena_query import query

LONGEST = 900  # seconds: on AWS a record may need 15 minutes until the offline store has it
LOOK_EVERY = 0.2
ROLE_KNOWN_AFTER = 30  # seconds: AWS may need so long to know a new role


def feature_values(record: dict) -> list[dict]:
    """``{"origin": "JFK", "temp": 84.0}`` as `PutRecord` wants it. Features that are None or NaN are left out."""
    kept = {name: value for name, value in record.items() if not pd.isna(value)}
    return [{"FeatureName": name, "ValueAsString": str(value)} for name, value in kept.items()]


def plain(values: list[dict]) -> dict[str, str]:
    """The record of an answer of `GetRecord` as ``{feature: text}``."""
    return {value["FeatureName"]: value["ValueAsString"] for value in values}


def wait_created(aws: Any, *names: str) -> None:
    """Wait until feature groups are created, or updated.

    Raises
    ------
    RuntimeError
        When one of them failed; the message is AWS's reason.
    """
    for name in names:
        while True:
            group = aws.client("sagemaker").describe_feature_group(FeatureGroupName=name)
            states = (group["FeatureGroupStatus"], group.get("LastUpdateStatus", {}).get("Status", "Successful"))
            if states == ("Created", "Successful"):
                break
            if "Failed" in "".join(states):
                raise RuntimeError(group.get("FailureReason") or group["LastUpdateStatus"].get("FailureReason"))
            threading.Event().wait(LOOK_EVERY)


def offline(aws: Any, group: str) -> pd.DataFrame:
    """All rows of a group's offline store, deletions included, by event time. Rows of the last minutes may still be missing."""
    described = aws.client("sagemaker").describe_feature_group(FeatureGroupName=group)
    table = described["OfflineStoreConfig"]["DataCatalogConfig"]
    sql = f'SELECT * FROM "{table["Database"]}"."{table["TableName"]}" ORDER BY {described["EventTimeFeatureName"]}'
    return query(aws, sql).drop(columns=["year", "month", "day", "hour"], errors="ignore")


def offline_when(aws: Any, group: str, rows: int) -> pd.DataFrame:
    """The same, once it has this many rows. Raises `TimeoutError` after 15 minutes."""
    until = time.monotonic() + LONGEST
    while len(found := offline(aws, group)) < rows:
        if time.monotonic() > until:
            raise TimeoutError(f"the offline store of {group} has {len(found)} rows after 15 minutes, expected {rows}.")
        threading.Event().wait(LOOK_EVERY)
    return found


def client_of(aws: Any, role_arn: str, service: str) -> Any:
    """A boto3 client that acts as a role: its requests have the role's permissions, not yours."""
    sts, until = aws.client("sts"), time.monotonic() + ROLE_KNOWN_AFTER
    while True:
        try:
            keys = sts.assume_role(RoleArn=role_arn, RoleSessionName="lesson")["Credentials"]
            break
        except ClientError:
            if time.monotonic() > until:
                raise
            threading.Event().wait(LOOK_EVERY)
    return boto3.client(
        service,
        region_name=aws.region,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )
