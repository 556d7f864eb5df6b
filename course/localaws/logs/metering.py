"""Meters what is written to CloudWatch Logs: AWS bills each gigabyte of events with 26 bytes for each ("Amazon CloudWatch pricing")."""

from __future__ import annotations

from course.localaws.billing.usage import GIGABYTE, Item, UsageStore

SERVICE, INGESTED, OPERATION = "AmazonCloudWatch", "DataProcessing-Bytes", "PutLogEvents"


def arn_of(account: str, region: str, group: str) -> str:
    """The ARN of a log group."""
    return f"arn:aws:logs:{region}:{account}:log-group:{group}"


def meter(usage: UsageStore, account: str, region: str, group: str, size: int) -> None:
    """Count the bytes of new events of a group."""
    usage.count(Item(SERVICE, INGESTED, OPERATION, region, arn_of(account, region, group)), size / GIGABYTE)
