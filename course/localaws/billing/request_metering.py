"""Meters the requests that AWS bills one by one, from the request log. `billed_requests.yaml` says which these are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from course.localaws.billing.usage import Item, UsageStore
from course.localaws.core.data_files import table
from course.localaws.core.sdk_environment import REGION

REQUESTS = Path(__file__).with_name("billed_requests.yaml")


def meter(usage: UsageStore, rows: Iterable[Mapping]) -> None:
    """Count the billed ones among requests.

    Parameters
    ----------
    rows : iterable of mapping
        As `course.localaws.gateway.request_log` stores them.
    """
    for row in rows:
        kind = _usage_type(row["service"], row["operation"])
        # S3 bills a request for what is not there. What was refused or wrong costs nothing.
        if kind and (row["status"] < 400 or (row["service"] == "s3" and row["status"] == 404)):
            service, usage_type, of_bucket = kind
            bucket = row["resource"].partition("/")[0] if of_bucket else ""
            arn = f"arn:aws:s3:::{bucket}" if bucket else ""
            region = row["region"] or REGION  # a job's own requests have none
            usage.count(Item(service, usage_type, row["operation"], region, arn), 1.0, row["time"])


@cache
def _usage_type(service: str, operation: str) -> tuple[str, str, bool] | None:
    """AWS's code of the service, the usage type, and whether it is a bucket's; None for a request that is not billed."""
    found = table(REQUESTS).get(service)
    if found is None or operation in found.get("free", ()):
        return None
    others = {name: usage_type for usage_type, names in found.get("others", {}).items() for name in names}
    usage_type = others.get(operation, found.get("usage"))
    return (found["service"], usage_type, found.get("resource") == "bucket") if usage_type else None
