"""Meters the requests that AWS bills one by one, from the request log. `requests.yaml` says which these are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from course.localaws.billing.usage import Item, UsageStore
from course.localaws.core.data_files import table

REQUESTS = Path(__file__).with_name("requests.yaml")
GIGABYTE = 2**30
BILLED_FAILURES = ("404",)  # S3 bills a request for what is not there; what was refused or wrong costs nothing


def meter(usage: UsageStore, rows: Iterable[Mapping]) -> None:
    """Count the billed ones among requests.

    Parameters
    ----------
    rows : iterable of mapping
        As `course.localaws.gateway.request_log` stores them.
    """
    for row in rows:  # a job's own requests have no region; their items count in us-east-1
        kind = _usage_type(row["service"], row["operation"])
        if kind and (row["status"] < 400 or (row["service"] == "s3" and str(row["status"]) in BILLED_FAILURES)):
            service, usage_type, of_bucket = kind
            bucket = row["resource"].partition("/")[0] if of_bucket else ""
            arn = f"arn:aws:s3:::{bucket}" if bucket else ""
            usage.count(Item(service, usage_type, row["operation"], row["region"] or "us-east-1", arn), 1.0, row["time"])


def meter_logs(usage: UsageStore, account: str, region: str, group: str, size: int) -> None:
    """Count the bytes of log events that were put into a group."""
    usage.count(
        Item("AmazonCloudWatch", "DataProcessing-Bytes", "PutLogEvents", region, f"arn:aws:logs:{region}:{account}:log-group:{group}"),
        size / GIGABYTE,
    )


@cache
def _usage_type(service: str, operation: str) -> tuple[str, str, bool] | None:
    """AWS's code of the service, the usage type, and whether it is a bucket's; None for a request that is not billed."""
    found = table(REQUESTS).get(service)
    if found is None or operation in found.get("free", ()):
        return None
    others = {name: usage_type for usage_type, names in found.get("others", {}).items() for name in names}
    usage_type = others.get(operation, found.get("usage"))
    return (found["service"], usage_type, found.get("resource") == "bucket") if usage_type else None
